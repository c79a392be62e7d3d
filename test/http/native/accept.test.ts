import t from 'tap'
import { prefersEventStream } from '../../../src/http/native/accept.js'

t.test('an Accept header chooses between JSON and an event stream', async (t) => {
  const cases: Array<[accept: string | undefined, stream: boolean]> = [
    [undefined, false],
    ['', false],
    ['*/*', false],
    ['text/html', false],
    ['application/json', false],
    ['text/event-stream', true],
    ['TEXT/Event-Stream; charset=utf-8', true],
    ['text/*', true],
    ['text/event-streamfoo', false],
    ['text/event-stream;q=0', false],
    ['text/event-stream ; q=0.0', false],
    ['text/event-stream;q=0, */*', false],
    ['text/event-stream;q=0.001', true],
    // The first acceptable one wins.
    ['application/json, text/event-stream', false],
    ['text/event-stream, application/json', true],
    ['text/event-stream, */*', true],
    ['text/html, text/event-stream, application/json', true],
    // Unless the client likes another one better.
    ['application/json;q=0.5, text/event-stream', true],
    ['text/event-stream;q=0.5, application/json', false],
    ['*/*;q=0.1, text/event-stream', true],
    ['application/json;q=0, */*', true],
    ['text/event-stream;q=high', false],
    ['text/event-stream;q=2, application/json;q=0.1', false]
  ]
  for (const [accept, stream] of cases) t.equal(prefersEventStream(accept), stream, accept ?? 'none')
})
