/** What a service says of itself at /metrics, as far as trials look at it. */

export interface Vitals {
  readonly residentBytes: number
  readonly openFiles: number
  /** Canvases that wait or run. */
  readonly rows: number
}

/** @param url of the service */
export async function vitalsOf (url: string): Promise<Vitals> {
  const text = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text()
  const value = (name: string): number => [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([\\d.e+]+)$`, 'gm'))].reduce((sum, [, number]) => sum + Number(number), 0)
  return {
    residentBytes: value('process_resident_memory_bytes'),
    openFiles: value('process_open_fds'),
    rows: value('fewstep_queued_rows') + value('fewstep_running_rows')
  }
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
