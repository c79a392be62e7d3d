/** A client of the routes for admins. */
export const ADMIN_KEY = 'a-key-of-the-tests'

export interface AdminAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** @param key empty: none is sent */
export async function administer (
  url: string, method: string, path: string, body?: object, key = ADMIN_KEY
): Promise<AdminAnswer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...(key === '' ? {} : { 'x-api-key': key }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  return { status: response.status, body: await response.json() as AdminAnswer['body'] }
}

export async function load (url: string, folder: string): Promise<AdminAnswer> {
  return await administer(url, 'POST', '/admin/models', { folder })
}
