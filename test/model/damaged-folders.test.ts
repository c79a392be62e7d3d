/** Folders that are no model, or whose manifest is none or contradicts itself: each is refused before any worker starts, and says why. */
import { chmod, rm, symlink, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadModel } from '../../src/model/model.js'
import { copyOf } from '../support/copy.js'
import { flip, type Json } from '../support/model-folder.js'
import { field, manifest, otherThings, refuses, text } from '../support/refusals.js'

refuses('a manifest that cannot be read', 'manifest.json', {
  ...otherThings('manifest.json'),
  'no folder at all': [(directory) => rm(directory, { recursive: true }), /^there is no such file; a model's folder, which FEWSTEP_MODEL or --model names, holds manifest\.json, step\.onnx and tokenizer\.json$/],
  'an empty one': [text('manifest.json', ''), /^it is empty/],
  'only blanks': [text('manifest.json', ' \n'), /^it is empty/],
  'cut short': [text('manifest.json', '{"format_version": 1, "name": "ti'), /^it is no JSON, or cut short: Unterminated string/],
  'no JSON': [text('manifest.json', '\u001b[31mformat_version: 1\n'), /^it is no JSON, or cut short: Unexpected token/],
  'not UTF-8': [text('manifest.json', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /^it is not text in UTF-8/],
  'a list': [text('manifest.json', '[]'), /^it must be a JSON object, not a list$/],
  null: [text('manifest.json', 'null'), /^it must be a JSON object, not null$/],
  '200 MB': [(directory) => truncate(join(directory, 'manifest.json'), 200e6), /^it has 200000000 bytes, where at most 1048576 are expected$/],
  'a list in a list, ten thousand times': [text('manifest.json', '['.repeat(10_000)), /^it is no JSON, or cut short/]
})

const REQUIRED = ['format_version', 'name', 'algorithm', 'source_distribution', 'scheduler', 'exponent', 'vocab_size', 'mask_token_id', 'end_of_text_token_id',
  'max_length', 'parameters', 'trained_step_sizes', 'defaults', 'graph', 'tokenizer', 'files', 'defaults.steps', 'defaults.temperature', 'defaults.top_k',
  'defaults.top_p', 'defaults.solver', 'defaults.schedule', 'graph.file', 'graph.version', 'graph.opset']

refuses('a manifest that lacks a field', 'manifest.json', Object.fromEntries(REQUIRED.map((path) =>
  [path, [field(path, undefined), new RegExp(`^${path.replaceAll('.', '\\.')} is missing$`)]])))

refuses('a manifest with a field of another type', 'manifest.json', Object.fromEntries(REQUIRED.map((path) =>
  [path, [field(path, { odd: true }), new RegExp(`^${path.replaceAll('.', '\\.')}(\\.\\w+ is missing| must be .*, not an object|\\.odd must be an object of sha256 and bytes, not true)$`)]])))

const LONG = 'x'.repeat(100_000)
refuses('a manifest with a value that is out of range', 'manifest.json', {
  'another format': [field('format_version', 2), /^format_version must be 1, the only format that this version of fewstep reads, not 2$/],
  'another graph version': [field('graph.version', 99), /^graph\.version must be 1, 2 or 3, .*, not 99$/],
  'no name': [field('name', ''), /^name must be 1 to 128 letters, .*, not ""$/],
  'a name of 100 kB': [field('name', LONG), /^name must be 1 to 128 letters, .*, not "x{39}…$/],
  'a name with a line break': [field('name', 'tiny\ntext'), /^name must be .*, not "tiny\\ntext"$/],
  'a name with an escape sequence': [field('name', 'tiny\u001b[2Jtext'), /^name must be .*, not "tiny\\u001b\[2Jtext"$/],
  'a name with a mark that turns text round': [field('name', 'tiny\u202etext'), /^name must be .*, not "tiny\\u\{202e\}text"$/],
  'a name with C1 controls': [field('name', 'tiny\u009b2J'), /^name must be .*, not "tiny\\u\{9b\}2J"$/],
  'a name with half a character': [field('name', 'tiny\ud800'), /^name must be .*/],
  'a name that ends in a space': [field('name', 'tiny '), /^name must be .* no space at either end, not "tiny "$/],
  'an algorithm that is not served': [field('algorithm', 'autoregressive'), /^algorithm must be one of fs-dfm, dfm, llada, dream, not "autoregressive"$/],
  'a source that there is none of': [field('source_distribution', 'gauss'), /^source_distribution must be one of mask, uniform, not "gauss"$/],
  'a scheduler that there is none of': [field('scheduler', 'cosine'), /^scheduler must be one of polynomial, not "cosine"$/],
  'an exponent of 0': [field('exponent', 0), /^exponent must be a number above 0/],
  'an exponent beyond numbers': [text('manifest.json', '{"exponent": 1e999}'), /is missing$/],
  'a huge exponent': [field('exponent', 1e300), /^exponent must be a number above 0, at most 100, not 1e\+300$/],
  'a vocabulary of one token': [field('vocab_size', 1), /^vocab_size must be a whole number of 2 or more, not 1$/],
  'a vocabulary of a text': [field('vocab_size', 'many'), /^vocab_size must be a whole number of 2 or more, not "many"$/],
  'a vocabulary beyond 32 bits': [field('vocab_size', 2 ** 40), /^vocab_size must be/],
  'a negative mask token': [field('mask_token_id', -1), /^mask_token_id must be a token id or null, not -1$/],
  'a broken mask token': [field('mask_token_id', 3.5), /^mask_token_id must be a token id or null, not 3\.5$/],
  'a negative end of text': [field('end_of_text_token_id', -5), /^end_of_text_token_id must be a token id or null, not -5$/],
  'an end of text of letters': [field('end_of_text_token_ids', [0, 'end']), /^end_of_text_token_ids must be a list of token ids, which "end" is not$/],
  'no length': [field('max_length', 0), /^max_length must be a whole number from 1 to 1048576, not 0$/],
  'a length beyond memory': [field('max_length', 1e15), /^max_length must be .*, not 1000000000000000$/],
  'no parameters': [field('parameters', 0), /^parameters must be a whole number of 1 or more, not 0$/],
  'step sizes of texts': [field('trained_step_sizes', [0.5, 'half']), /^trained_step_sizes must be a list of numbers above 0, at most 1, which "half" is not$/],
  'a step size of 2': [field('trained_step_sizes', [2]), /^trained_step_sizes must be a list of numbers above 0, at most 1, which 2 is not$/],
  'no steps by default': [field('defaults.steps', 0), /^defaults\.steps must be a whole number from 1 to 1024, not 0$/],
  'steps by default that no request may ask for': [field('defaults.steps', 5000), /^defaults\.steps must be a whole number from 1 to 1024, not 5000$/],
  'a thousand million steps by default': [field('defaults.steps', 1e9), /^defaults\.steps must be .*, not 1000000000$/],
  'too warm by default': [field('defaults.temperature', 2.5), /^defaults\.temperature must be a number from 0 to 2, not 2\.5$/],
  'a negative top_k by default': [field('defaults.top_k', -1), /^defaults\.top_k must be .*, not -1$/],
  'a top_k beyond 32 bits': [field('defaults.top_k', 2 ** 31), /^defaults\.top_k must be/],
  'a top_p of 0 by default': [field('defaults.top_p', 0), /^defaults\.top_p must be a number above 0, at most 1, not 0$/],
  'another solver': [field('defaults.solver', 'heun'), /^defaults\.solver must be one of cumulative, euler, euler_exact, not "heun"$/],
  'another schedule': [field('defaults.schedule', 'cosine'), /^defaults\.schedule must be one of uniform, geometric, not "cosine"$/],
  'other jumps': [field('defaults.jumps', 'far'), /^defaults\.jumps must be one of independent, spread, not "far"$/],
  'tuned schedules of a list': [field('schedules', [0.5, 0.5]), /^schedules must be an object of numbers of steps, each with step_sizes and clearly_better, not a list$/],
  'a tuned schedule of a list': [field('schedules', { 2: [0.5, 0.5] }), /^schedules\.2 must be an object of step_sizes and clearly_better, not a list$/],
  'a tuned schedule without sizes': [field('schedules', { 2: { clearly_better: true } }), /^schedules\.2\.step_sizes is missing$/],
  'a tuned schedule that does not say whether it is better': [field('schedules', { 2: { step_sizes: [0.5, 0.5] } }), /^schedules\.2\.clearly_better is missing$/],
  'a tuned schedule that is better in letters': [field('schedules', { 2: { step_sizes: [0.5, 0.5], clearly_better: 'yes' } }), /^schedules\.2\.clearly_better must be true or false, not "yes"$/],
  'a tuned schedule of texts': [field('schedules', { 2: { step_sizes: [0.5, 'half'], clearly_better: true } }), /^schedules\.2\.step_sizes must be a list of numbers from 1\/1024 to 1, which "half" is not$/],
  'a tuned step below all that networks are trained on': [field('schedules', { 2: { step_sizes: [0.9995, 0.0005], clearly_better: true } }), /^schedules\.2\.step_sizes must be .* from 1\/1024 to 1, which 0\.0005 is not$/],
  'a tuned step back in time': [field('schedules', { 2: { step_sizes: [1.5, -0.5], clearly_better: true } }), /^schedules\.2\.step_sizes must be .*, which 1\.5 is not$/],
  'a hash that is none': [field('files', { 'step.onnx': { sha256: 'abc', bytes: 1 } }), /^files\.step\.onnx\.sha256 must be 64 hexadecimal digits, not "abc"$/],
  'a size that is none': [field('files', { 'step.onnx': { sha256: 'a'.repeat(64), bytes: -1 } }), /^files\.step\.onnx\.bytes must be the file's size, not -1$/]
})

refuses('a manifest whose files lie elsewhere', 'manifest.json', {
  'a graph above the folder': [field('graph.file', '../step.onnx'), /^graph\.file must be a file's name, without a folder before it, not "\.\.\/step\.onnx"$/],
  'a graph anywhere': [field('graph.file', '/dev/zero'), /^graph\.file must be a file's name/],
  'a graph without a name': [field('graph.file', ''), /^graph\.file must be a file's name/],
  'a graph in a folder': [field('graph.file', 'graphs/step.onnx'), /^graph\.file must be a file's name/],
  'a graph of another system\'s path': [field('graph.file', '..\\step.onnx'), /^graph\.file must be a file's name/],
  'a graph of 8 bits above the folder': [field('graph.int8_file', '../step.onnx'), /^graph\.int8_file must be a file's name/],
  'a name with a zero': [field('graph.file', 'step.onnx\0'), /^graph\.file must be a file's name/],
  'a tokenizer above the folder': [field('tokenizer', '../../etc/passwd'), /^tokenizer must be a file's name, without a folder before it, or null, not /],
  'the folder itself': [field('tokenizer', '.'), /^tokenizer must be a file's name/],
  'a listed file above the folder': [manifest(({ files }) => { Object.assign(files as Json, { '../x': { sha256: 'a'.repeat(64), bytes: 1 } }) }), /^files lists "\.\.\/x", which is no file's name/]
})

refuses('a manifest that contradicts itself', 'manifest.json', {
  'masked diffusion from a uniform source': [manifest((json) => { Object.assign(json, { algorithm: 'llada', source_distribution: 'uniform' }) }), /^algorithm is llada, so source_distribution must be mask, not uniform$/],
  'a mask source without a mask': [field('mask_token_id', null), /^source_distribution is mask, so mask_token_id must be a token id$/],
  'a uniform source with a mask': [field('source_distribution', 'uniform'), /^source_distribution is uniform, which has no mask, so mask_token_id must be null, not 320$/],
  'a mask far beyond the vocabulary': [field('mask_token_id', 500), /^mask_token_id is 500, but vocab_size is 320/],
  'an end of text beyond the vocabulary': [field('end_of_text_token_id', 99_999), /^end_of_text_token_id is 99999, but vocab_size is 320: the last id is 319$/],
  'an end of text that is the mask': [manifest((json) => { Object.assign(json, { mask_token_id: 0 }) }), /^end_of_text_token_id is 0, which is mask_token_id: a mask is no end$/],
  'one of several ends of text beyond the vocabulary': [field('end_of_text_token_ids', [0, 320]), /^end_of_text_token_ids has 320, but vocab_size is 320: the last id is 319$/],
  'one of several ends of text that is the mask': [manifest((json) => { Object.assign(json, { vocab_size: 321, end_of_text_token_ids: [0, 320] }) }), /^end_of_text_token_ids has 320, which is mask_token_id/],
  'several ends of text that lack the first': [field('end_of_text_token_ids', [5, 0]), /^end_of_text_token_id is 0, but the first of end_of_text_token_ids is 5$/],
  'several ends of text that are none': [field('end_of_text_token_ids', []), /^end_of_text_token_id is 0, but the first of end_of_text_token_ids is missing$/],
  'spread jumps with another solver': [manifest(({ defaults }) => { Object.assign(defaults as Json, { jumps: 'spread', solver: 'euler' }) }), /^defaults\.jumps is spread, so defaults\.solver must be cumulative, not euler$/],
  'a tuned schedule of no number of steps': [field('schedules', { eight: { step_sizes: [1], clearly_better: true } }), /^schedules has "eight", which is no number of steps from 1 to 1024$/],
  'a tuned schedule of no steps': [field('schedules', { 0: { step_sizes: [], clearly_better: true } }), /^schedules has "0", which is no number of steps/],
  'a tuned schedule of more steps than a request may ask for': [field('schedules', { 1025: { step_sizes: [1], clearly_better: true } }), /^schedules has "1025", which is no number of steps/],
  'a tuned schedule of another number of steps': [field('schedules', { 3: { step_sizes: [0.5, 0.5], clearly_better: true } }), /^schedules\.3 has 2 step_sizes, not 3$/],
  'a tuned schedule that does not reach the end': [field('schedules', { 2: { step_sizes: [0.5, 0.4], clearly_better: true } }), /^schedules\.2\.step_sizes sum to 0\.9, not to 1$/],
  'one graph for both precisions': [field('graph.int8_file', 'step.onnx'), /^graph\.int8_file is "step\.onnx", the same as graph\.file$/],
  'one graph for two precisions': [field('graph.float16_file', 'step.onnx'), /^graph\.float16_file is "step\.onnx", the same as graph\.file$/],
  'a graph in float16 without its opset': [field('graph.float16_file', 'step-fp16.onnx'), /^graph\.float16_file is given, so graph\.float16_opset must be, too$/],
  'no hash of the graph in float16': [
    manifest(({ graph }) => { Object.assign(graph as Json, { float16_file: 'step-fp16.onnx', float16_opset: 24 }) }),
    /^files does not list "step-fp16\.onnx"/
  ],
  'no hashes': [field('files', {}), /^files does not list "step\.onnx"/],
  'no hash of the tokenizer': [manifest(({ files }) => { delete (files as Json)['tokenizer.json'] }), /^files does not list "tokenizer\.json"/],
  'no hash of the graph of 8 bits': [field('graph.int8_file', 'step-int8.onnx'), /^files does not list "step-int8\.onnx"/],
  'no tokenizer': [field('tokenizer', null), /^tokenizer is null: .*--tokenizer$/]
})

refuses('masked diffusion that contradicts itself', 'manifest.json', {
  'spread jumps': [manifest(({ defaults }) => { Object.assign(defaults as Json, { jumps: 'spread' }) }), /^defaults\.jumps is spread, but algorithm is llada, /]
}, 'tiny-llada')

refuses('a graph that is not the one that was hashed', 'step.onnx', {
  ...otherThings('step.onnx'),
  'another size': [text('step.onnx', 'damaged'), /^it has 7 bytes, the manifest says \d+; fetch the model again$/],
  'a wrong size in the manifest': [manifest(({ files }) => { ((files as Json)['step.onnx'] as Json)['bytes'] = 12 }), /^it has \d+ bytes, the manifest says 12/],
  'a bit': [flip('step.onnx', 80_000), /^its sha256 is [0-9a-f]{64}, the manifest says [0-9a-f]{64}; fetch the model again$/],
  'a hash of another': [manifest(({ files }) => { ((files as Json)['step.onnx'] as Json)['sha256'] = 'a'.repeat(64) }), /^its sha256 is/]
})

for (const file of ['manifest.json', 'step.onnx', 'tokenizer.json']) {
  t.test(`${file} that this user may not read is refused`, async (t) => {
    const directory = await copyOf('tiny-text')
    await chmod(directory, 0o755)
    await chmod(join(directory, file), 0)
    await asNobody(async () => {
      await t.rejects(loadModel(directory), { message: `${join(directory, file)}: this user may not read it` })
    })
  })
}

/** Root may read everything, so it is somebody else meanwhile. */
async function asNobody (work: () => Promise<void>): Promise<void> {
  const { seteuid } = process
  if (process.geteuid?.() !== 0 || seteuid === undefined) return await work()
  seteuid(65_534)
  try {
    await work()
  } finally {
    seteuid(0)
  }
}

t.test('links are followed to files that the manifest vouches for, as in a cache whose folders are links', async (t) => {
  const [cache, directory] = [await copyOf('tiny-text'), await copyOf('tiny-text')]
  for (const file of ['manifest.json', 'step.onnx', 'tokenizer.json']) {
    await rm(join(directory, file))
    await symlink(join(cache, file), join(directory, file))
  }
  t.equal((await loadModel(directory)).manifest.name, 'tiny-text')
  await flip('step.onnx', 80_000)(cache)
  await t.rejects(loadModel(directory), { message: /step\.onnx: its sha256 is/ })
})
