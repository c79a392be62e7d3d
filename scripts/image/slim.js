/**
 * Takes out of node_modules what a running service never reads: onnxruntime-node's libraries for other systems, and what packages
 * carry for their developers. `node slim.js FOLDER`
 */
import { existsSync, globSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const FOR_DEVELOPERS = ['test', 'tests', 'benchmark', 'benchmarks', 'docs', 'example', 'examples', '.github']
const FILES_FOR_DEVELOPERS = '**/*.{map,d.ts,d.mts,d.cts,tsbuildinfo}'

const [folder = 'node_modules'] = process.argv.slice(2)
const remove = (path) => rmSync(path, { recursive: true })

keepOnly(join(folder, 'onnxruntime-node/bin/napi-v6'), process.platform)
keepOnly(join(folder, 'onnxruntime-node/bin/napi-v6', process.platform), process.arch)
for (const manifest of globSync('**/package.json', { cwd: folder })) {
  FOR_DEVELOPERS.map((name) => join(folder, manifest, '..', name)).filter(existsSync).forEach(remove)
}
globSync(FILES_FOR_DEVELOPERS, { cwd: folder }).forEach((path) => { remove(join(folder, path)) })

function keepOnly (parent, name) {
  readdirSync(parent).filter((entry) => entry !== name).forEach((entry) => { remove(join(parent, entry)) })
}
