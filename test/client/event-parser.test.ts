import t from 'tap'
import { EventParser, type ParsedEvent } from '../../src/client/event-parser.js'

function parse (...pieces: string[]): ParsedEvent[] {
  const parser = new EventParser()
  return pieces.flatMap((piece) => parser.push(piece))
}

const CASES: ReadonlyArray<readonly [name: string, text: string, events: ParsedEvent[]]> = [
  ['a named event', 'event: step\ndata: {"a":1}\n\n', [{ event: 'step', data: '{"a":1}' }]],
  ['one without a name', 'data: a\n\n', [{ event: 'message', data: 'a' }]],
  ['comments and empty lines', ': keep-alive\n\n\n: x\n\nevent: done\ndata: b\n\n', [{ event: 'done', data: 'b' }]],
  ['other line breaks', 'event: a\r\ndata: 1\r\n\r\nevent: b\rdata: 2\r\r', [{ event: 'a', data: '1' }, { event: 'b', data: '2' }]],
  ['data of several lines', 'data: a\ndata:b\ndata\n\n', [{ event: 'message', data: 'a\nb\n' }]],
  ['only one space is left out', 'data:  a: b\n\n', [{ event: 'message', data: ' a: b' }]],
  ['other fields', 'id: 1\nretry: 5\nfoo\ndata: a\n\n', [{ event: 'message', data: 'a' }]],
  ['a name without data is no event, nor of the next one', 'event: a\n\ndata: b\n\n', [{ event: 'message', data: 'b' }]],
  ['what is not whole', 'data: a\n\ndata: b\n', [{ event: 'message', data: 'a' }]]
]

t.test('events are read as browsers read them, however their text is cut', async (t) => {
  for (const [name, text, events] of CASES) {
    // A \r at the very end may be half of a line break.
    const whole = text.endsWith('\r') ? `${text}:` : text
    t.same(parse(whole), events, name)
    t.same(parse(...whole), events, `${name}, character by character`)
    for (let at = 1; at < whole.length; at++) t.same(parse(whole.slice(0, at), whole.slice(at)), events, `${name}, cut at ${at}`)
  }
})
