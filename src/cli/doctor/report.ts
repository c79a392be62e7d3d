/** What the doctor found, for people. */
import { printable } from '../printable.js'
import type { Cuda, Doctor, Measured, ModelFacts } from './facts.js'

const GIB = 2 ** 30
/** Of a cost curve: enough to see its shape. */
const SHOWN_LENGTHS = 3

export function reportOf (facts: Doctor): string {
  const { node, cpu, memory, onnxruntime, cuda, models, address, settings, problems } = facts
  const features = cpu.features === null
    ? 'features unknown'
    : Object.entries(cpu.features).map(([name, has]) => `${has ? '' : 'no '}${name}`).join(', ')
  const lines = [
    ['fewstep', facts.fewstep],
    ['Node', `${node.version} on ${node.platform}${node.supported ? '' : ', too old'}`],
    ['processor', `${cpu.model}: ${features}`],
    ['cores', `${cpu.cores}, of which this process may use ${cpu.usable_cores}${cpu.cgroup_cores === null ? '' : `, ${cpu.cgroup_cores} of them at a time by the cgroup`}`],
    ['memory', `${gib(memory.total_bytes)}, ${gib(memory.free_bytes)} free${memory.cgroup_bytes === null ? '' : `; the cgroup allows ${gib(memory.cgroup_bytes)}`}`],
    ['ONNX Runtime', onnxruntime.version === null ? 'missing' : `${onnxruntime.version}: ${onnxruntime.files.join(', ')}`],
    ['', onnxruntime.folder ?? ''],
    ...cudaLines(cuda),
    ...models.flatMap(modelLines),
    ['address', `${address.host} port ${address.port}: ${address.free ? 'free' : 'taken'}`],
    ['settings', Object.keys(settings).length === 0 ? 'all as by default' : ''],
    ...Object.entries(settings).map(([name, value]) => ['', `${name}=${value}`])
  ].filter(([head, text]) => head !== '' || text !== '')
  const table = lines.map(([head = '', text = '']) => `${head.padEnd(14)}${printable(text).replaceAll('\n', ' ')}`.trimEnd())
  const verdict = problems.length === 0
    ? ['The service would start.']
    : ['The service would not start:', ...problems.map((problem) => `  - ${printable(problem)}`)]
  return `${[...table, '', ...verdict].join('\n')}\n`
}

function cudaLines ({ driver, devices, libraries }: Cuda): string[][] {
  const found = libraries.filter(({ file }) => file !== null)
  const missing = libraries.filter(({ file }) => file === null)
  return [
    ['CUDA', driver === null ? 'no driver' : `driver ${driver}, ${devices.length === 0 ? 'no device' : devices.join(', ')}`],
    ...found.map(({ name, file }) => ['', `${name}: ${file}`]),
    ...(missing.length === 0 ? [] : [['', `missing: ${missing.map(({ name }) => name).join(', ')}`]])
  ]
}

function modelLines ({ folder, name, parameters, problem, files, precisions, measured }: ModelFacts): string[][] {
  return [
    ['model', `${name ?? 'unreadable'}, ${folder}`],
    ...(parameters === null ? [] : [['', `${parameters.toLocaleString('en')} parameters; on the CPU ${precisions.join(' or ')}`]]),
    ...files.map((file) => ['', `${file.sha256}  ${file.name} (${file.bytes.toLocaleString('en')} bytes)`]),
    ['', problem === null ? 'its files are as its manifest says' : `cannot be served: ${problem}`],
    ...(measured === null ? [['', 'nothing measured yet: the first start does it']] : measuredLines(measured))
  ]
}

function measuredLines ({ at, workers, threads, precision, costs }: Measured): string[][] {
  const plain = costs.filter(({ lane }) => lane === 'step')
  const lengths = [...new Set(plain.map(({ padded_length: length }) => length))].sort((a, b) => a - b)
  const shown = lengths.filter((_, i) => i % Math.max(1, Math.ceil(lengths.length / SHOWN_LENGTHS)) === 0 || i === lengths.length - 1)
  return [
    ['', `measured ${at}: ${workers} ${workers === 1 ? 'worker' : 'workers'} with ${threads} ${threads === 1 ? 'thread' : 'threads'} each, ${precision}`],
    ...shown.map((length) => ['', `a step of ${length} tokens: ${plain
      .filter(({ padded_length: each }) => each === length).sort((a, b) => a.rows - b.rows)
      .map(({ rows, ms }) => `${rows} ${rows === 1 ? 'row' : 'rows'} ${ms.toFixed(1)} ms`).join(', ')}`])
  ]
}

function gib (bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`
}
