import t from 'tap'
import {
  Canvases, Fewstep, MAX_RECORDING_LENGTH, readRecording, Recorder, recordingElement, RecordingError, replayed, type Recording,
  type StreamItem
} from '../../src/client/index.js'
import { startTestServer } from '../support/server.js'

const server = await startTestServer()
t.teardown(server.stop)

async function record (): Promise<{ readonly recording: Recording, readonly items: readonly StreamItem[] }> {
  const request = { prompt: 'A </script> cat', max_tokens: 20, seed: 3, n: 2, steps: 5, confidence: true }
  const recorder = new Recorder(request, new Date('2026-02-03T04:05:06Z'))
  const items: StreamItem[] = []
  for await (const item of new Fewstep({ baseURL: server.url }).stream(request)) {
    recorder.add(item)
    items.push(item)
  }
  return { recording: recorder.recording, items }
}

const { recording, items } = await record()

t.test('a recording holds the request and its events, and replays as they came', async (t) => {
  t.match(recording, {
    fewstep_recording: 1, created: '2026-02-03T04:05:06.000Z', model: 'tiny-text', request: { prompt: 'A </script> cat', seed: 3 }
  })
  t.equal(recording.events.length, 11)
  t.same(recording.events.at(-1)?.event, 'done')
  const rounded = items.map((item) => ({ ...item, atMs: Math.round(item.atMs * 1000) / 1000 }))
  t.same([...replayed(recording)], rounded)
  const canvases = new Canvases()
  t.equal([...replayed(recording, canvases)].length, 11)
  t.equal(canvases.all.length, 2)
})

t.test('it is read back from JSON, and out of a page', async (t) => {
  t.same(readRecording(JSON.stringify(recording)), recording)
  const page = `<!doctype html>\n<title>x</title><script type="module">1</script>\n${recordingElement(recording)}\n<p>more</p>`
  t.same(readRecording(page), recording)
  t.same(readRecording(page.replace('<script type="application/json" id="fewstep-recording">', "<SCRIPT data-x ID = 'fewstep-recording' lang=''>")), recording)
  t.equal(recordingElement(recording).match(/<\/script/g)?.length, 1, 'no text ends the element')
})

t.test('a stream that failed is recorded with its error', async (t) => {
  const recorder = new Recorder({ model: 'm' }, new Date(0))
  const event = { error: { code: 'deadline_exceeded', message: 'late', type: 'timeout_error', param: null, request_id: 'r' } } as const
  const [first] = items
  if (first !== undefined) recorder.add(first)
  recorder.add(new Canvases().apply({ event: 'error', data: event }, 7))
  const [, failed] = [...replayed(readRecording(JSON.stringify(recorder.recording)))]
  t.match(failed, { type: 'error', atMs: 7, error: { name: 'DeadlineError', code: 'deadline_exceeded', message: 'late', requestId: 'r' } })
  t.equal(recorder.recording.model, 'm')
})

type Damage = (recording: { [field: string]: unknown, events: Array<{ [field: string]: unknown, data: Record<string, unknown> }> }) => void

const DAMAGES: ReadonlyArray<readonly [Damage, RegExp]> = [
  [(r) => { delete r['fewstep_recording'] }, /no field fewstep_recording/],
  [(r) => { r['fewstep_recording'] = 2 }, /of version 2, and only version 1 can be read/],
  [(r) => { r['created'] = 'yesterday' }, /created must be a date/],
  [(r) => { r['model'] = 7 }, /model must be a text/],
  [(r) => { r['request'] = [] }, /request must be an object/],
  [(r) => { r.events = [] }, /events has none/],
  [(r) => { Object.assign(r, { events: {} }) }, /events must be a list/],
  [(r) => { r.events[1]!['at_ms'] = -1 }, /events\[1\]\.at_ms must be a number from 0/],
  [(r) => { r.events[1]!['event'] = 'stop' }, /events\[1\]\.event must be step, done or error, not "stop"/],
  [(r) => { r.events[1]!['event'] = 'constructor' }, /must be step, done or error/],
  [(r) => { r.events[2]!.data['step'] = 0 }, /events\[2\]\.data\.step must be an integer from 1/],
  [(r) => { r.events[0]!.data['index'] = 1e9 }, /events\[0\]\.data\.index must be an integer from 0 to 127/],
  [(r) => { r.events[0]!.data['changes'] = [{ position: 1e6, token: 1, text: '' }] }, /changes\[0\]\.position must be an integer from 0 to 65535/],
  [(r) => { r.events[0]!.data['changes'] = [{ position: 5, token: 1, text: '' }] }, /changes has position 5, and nothing stands before it/],
  [(r) => { r.events[0]!.data['changes'] = [{ position: 0, token: 1 }] }, /changes\[0\]\.text must be a text/],
  [(r) => { r.events[0]!.data['confidence'] = ['x'] }, /confidence\[0\] must be a number from 0/],
  [(r) => { r.events.reverse() }, /events\[0\] is done, and others come after it/],
  [(r) => { r.events.at(-1)!.data['outputs'] = [{}] }, /outputs\[0\]\.index must be an integer/],
  [(r) => { r.events = Array.from({ length: 100_001 }, () => ({ data: {} })) }, /events has 100001 entries, more than 100000/]
]

t.test('what is none is refused with its reason', async (t) => {
  for (const [damage, says] of DAMAGES) {
    const copy = JSON.parse(JSON.stringify(recording)) as Parameters<Damage>[0]
    damage(copy)
    t.throws(() => readRecording(JSON.stringify(copy)), { name: 'RecordingError', message: says })
  }
  t.throws(() => readRecording('not JSON'), { name: 'RecordingError', message: 'the recording is not JSON' })
  t.throws(() => readRecording('[]'), /no field fewstep_recording/)
  t.throws(() => readRecording('<!doctype html><p>hello'), new RecordingError('the page carries no recording: it has no <script id="fewstep-recording">'))
  t.throws(() => readRecording(' '.repeat(MAX_RECORDING_LENGTH + 1)), /at most 67108864/)
})

t.test('a small file cannot ask for endless memory', async (t) => {
  const step = (changes: unknown[]): object => ({ at_ms: 0, event: 'step', data: { index: 0, step: 1, steps: 1, t: 1, changes, text: '' } })
  const wide = step(Array.from({ length: 60_000 }, (_, position) => ({ position, token: 0, text: '' })))
  const bomb = { ...recording, events: [wide, ...Array.from({ length: 1000 }, () => step([]))] }
  t.throws(() => readRecording(JSON.stringify(bomb)), /more than 33554432 positions together/)
})
