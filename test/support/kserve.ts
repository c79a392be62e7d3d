/** A client of the KServe routes. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** POST where there is a body, as its clients do: without a content-type. */
export async function ask (url: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null))
  const response = await fetch(`${url}/v2${path}`, body === undefined ? { headers } : { method: 'POST', body: bytes, headers })
  return { status: response.status, headers: response.headers, body: await response.json() as Answer['body'] }
}

/** What each event of a stream holds; comments are left out. */
export function dataOf (text: string): Array<Record<string, unknown>> {
  return [...text.matchAll(/^data: (.*)\n\n/gm)].map(([, data = '']) => JSON.parse(data) as Record<string, unknown>)
}
