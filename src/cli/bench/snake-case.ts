/** Names in TypeScript and in JSON: camelCase here, snake_case there. */

const CAMEL = /^[a-z][a-zA-Z0-9]*$/

function toSnake (name: string): string {
  return CAMEL.test(name) ? name.replace(/[A-Z]+/g, (capitals) => `_${capitals.toLowerCase()}`) : name
}

/** A copy of a JSON value whose camelCase names are in snake_case; any other name stays as it is. */
export function snakeCase (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [toSnake(name), snakeCase(each)]))
}
