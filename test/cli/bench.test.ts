import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { latencyPlot } from '../../src/cli/bench/plot.js'
import { makeKey } from '../../src/http/guard/key-line.js'
import { fewstep } from '../support/cli.js'
import { startTestServer } from '../support/server.js'

const key = makeKey()
const server = await startTestServer({ apiKeys: [`alice:${key}`] })
t.teardown(server.stop)
const LOAD = ['bench', '--url', server.url, '--duration', '0.5', '--arrivals', 'uniform', '--max-tokens', '8', '--steps', '2']

t.test('it loads a server at several rates, with a table and a picture', async (t) => {
  const plot = join(t.testdir(), 'latency.svg')
  const { code, stdout, stderr } = await fewstep([...LOAD, '--rates', '8,16', '--good-within', '60000', '--plot', plot], { FEWSTEP_API_KEY: key })
  t.match({ code, stderr }, { code: 0, stderr: '' })
  t.match(stdout, /^rate +answered\/s +tokens\/s +p50 ms +p95 ms +p99 ms +in time +refused$/m)
  t.match(stdout, /^8 .* 100\.0 % +0$/m)
  t.match(stdout, /^16 .* 100\.0 % +0$/m)
  const svg = await readFile(plot, 'utf8')
  t.match(svg, /^<svg xmlns/)
  t.equal(svg.match(/<circle/g)?.length, 6, 'three lines of two points')
})

t.test('one rate is told in full, and --json is for programs', async (t) => {
  const { code, stdout } = await fewstep([...LOAD, '--rate', '8', '--stream', '--api-key', key])
  t.equal(code, 0)
  t.match(stdout, /first refinement/)
  t.match(stdout, /^200: 4$/m)
  const json = JSON.parse((await fewstep([...LOAD, '--rates', '4,8', '--json', '--api-key', key])).stdout) as unknown
  t.match(json, [{ kind: 'open', rate: 4, requests: 2, latency_ms: { p50: Number } }, { rate: 8, requests: 4 }])
})

t.test('where nobody is answered the exit code is 1, and the answers say why', async (t) => {
  const { code, stdout } = await fewstep([...LOAD, '--rate', '8'])
  t.equal(code, 1)
  t.match(stdout, /^401: 4 {2}\(.*key.*\)$/m)
})

t.test('a picture has round numbers at its axes, and draws what there is', async (t) => {
  const latency = (ms: number): NonNullable<Parameters<typeof latencyPlot>[0][number]['latencyMs']> => ({ p50: ms, p90: ms, p95: 2 * ms, p99: 3 * ms, max: 4 * ms })
  const svg = latencyPlot([{ rate: 4, latencyMs: latency(130) }, { rate: 1, latencyMs: latency(40) }, { rate: 8, latencyMs: null }])
  const labels = [...svg.matchAll(/text-anchor="end"[^>]*>([^<]+)</g)].map(([, label]) => label)
  t.same(labels, ['0', '100', '200', '300', '400'])
  t.equal(svg.match(/<polyline points="[\d.]+,[\d.]+ [\d.]+,[\d.]+"/g)?.length, 3)
  t.match(latencyPlot([{ rate: 1, latencyMs: null }]), /<polyline points=""/)
})
