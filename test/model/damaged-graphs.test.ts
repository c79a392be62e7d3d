/** Graphs that are none, or not those that the manifest speaks of, though it vouches for every byte: refused before any worker starts. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { DEFAULT_MODEL } from '../../src/config.js'
import { loadModel } from '../../src/model/model.js'
import { copyOf } from '../support/copy.js'
import {
  editGraph, editTokenizer, replace, withConstantFile, withDataFile, withInput, withMetadata, withNestedGraphs, withOperator,
  withoutMetadata, type Json
} from '../support/model-folder.js'
import { field, manifest, refuses, vouchedFor, type Case, type Damage } from '../support/refusals.js'

refuses('a graph that is none', 'step.onnx', {
  empty: [vouchedFor('step.onnx', ''), /^it is empty$/],
  text: [vouchedFor('step.onnx', 'version https://git-lfs.github.com/spec/v1\n'), /^it is no ONNX graph, or cut short$/],
  zeros: [vouchedFor('step.onnx', new Uint8Array(10_000)), /^it is no ONNX graph, or cut short$/],
  'a field of endless length': [vouchedFor('step.onnx', Uint8Array.of(0x3a, ...Array.from({ length: 9 }, () => 0xff), 0x7f)), /^it is no ONNX graph, or cut short$/],
  'fields without an end': [vouchedFor('step.onnx', new Uint8Array(2 ** 20).fill(0x08)), /^it is no ONNX graph, or cut short$/],
  'no nodes': [vouchedFor('step.onnx', Uint8Array.of(0x08, 10)), /^it is no ONNX graph, or cut short$/],
  ...Object.fromEntries([0.01, 0.3, 0.9, 0.999].map((share): [string, Case] =>
    [`its first ${100 * share} %`, [(directory) => editGraph(directory, (bytes) => bytes.subarray(0, share * bytes.length)), /^it is no ONNX graph, or cut short$/]]))
})

/** Names in a graph, as bytes: others of the same length take their place. */
const renamed = (from: string, to: string): Damage => (directory) => editGraph(directory, (bytes) => Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1'))

refuses('a graph of something else', 'step.onnx', {
  'another input': [renamed('temperature', 'temperament'), /^it has no input temperature: it is no step graph of fewstep$/],
  'another output': [renamed('confidence', 'assurances'), /^it has no output confidence: it is no step graph of fewstep$/],
  'one more input': [(directory) => editGraph(directory, (bytes) => withInput(bytes, 'attention_mask')), /^it has an input "attention_mask": it is no step graph of fewstep$/],
  'no targets, where the manifest says that it scores': [async (directory) => {
    await editGraph(directory, withoutMetadata)
    await renamed('target_logprob', 'target_logprop')(directory)
  }, /^it has no output target_logprob: it is no step graph of fewstep$/],
  'targets, where the manifest says that it does not': [async (directory) => {
    await editGraph(directory, withoutMetadata)
    await field('graph.version', 1)(directory)
  }, /^it has an input "targets": it is no step graph of fewstep$/],
  '8 bits where float32 is promised': [(directory) => editGraph(directory, (bytes) => withMetadata(bytes, 'fewstep.compute', 'int8')), /^it computes in "int8", but the manifest names it as the graph that computes in float32$/]
})

/** Code that comes with a model: an operator that is not ONNX Runtime's own needs a library. */
const CUSTOM = /^it uses an operator of the domain "ai\.example\.own": only ONNX' own and ONNX Runtime's are run, none that comes with a model$/
refuses('a graph with operators of its own', 'step.onnx', {
  ...Object.fromEntries((['bare', 'in a branch', 'in a function'] as const).map((where): [string, Case] =>
    [where, [(directory) => editGraph(directory, (bytes) => withOperator(bytes, 'ai.example.own', where)), CUSTOM]])),
  'graphs in graphs without an end': [(directory) => editGraph(directory, (bytes) => withNestedGraphs(bytes, 1000)), /^it is no ONNX graph, or cut short$/]
})

t.test("operators of ONNX' and ONNX Runtime's own domains are taken", async (t) => {
  for (const domain of ['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft']) {
    const directory = await copyOf('tiny-text')
    await editGraph(directory, (bytes) => withOperator(bytes, domain, 'in a branch'))
    await t.resolves(loadModel(directory), domain)
  }
})

/** As exporters wrote graphs before they said what they are: what their nodes show counts. */
const silently = (damage: Damage): Damage => async (directory) => {
  await editGraph(directory, withoutMetadata)
  await damage(directory)
}
const change = (changes: object): Damage => manifest((json) => { Object.assign(json, changes) })

refuses('a manifest that contradicts what the nodes of its graph show', 'manifest.json', {
  'fewer tokens than the embedding has rows': [silently(change({ vocab_size: 100, mask_token_id: 100 })),
    /^vocab_size is 100 and mask_token_id 100, which takes an embedding of 101 rows, but that of step\.onnx has 321$/],
  'more tokens': [silently(change({ vocab_size: 4096, mask_token_id: 4096 })), /^vocab_size is 4096 and mask_token_id 4096, .* but that of step\.onnx has 321$/],
  'another mask': [silently(change({ vocab_size: 321, mask_token_id: 7 })), /^mask_token_id is 7, but the mask token of step\.onnx is 320$/],
  'no mask': [silently(change({ source_distribution: 'uniform', mask_token_id: null, vocab_size: 321 })), /^mask_token_id is null, but the mask token of step\.onnx is 320$/],
  'a longer canvas than it has positions': [silently(change({ max_length: 65 })), /^max_length is 65, but step\.onnx has 64 positions$/],
  'another opset': [silently(field('graph.opset', 99)), /^graph\.opset is 99, but that of step\.onnx is 20$/]
})

refuses('a manifest that contradicts what its graph says of itself', 'manifest.json', {
  'masked diffusion, where it is flow matching': [change({ algorithm: 'llada' }), /^algorithm is "llada", but step\.onnx says "fs-dfm"$/],
  'another kind of flow matching': [change({ algorithm: 'dfm' }), /^algorithm is "dfm", but step\.onnx says "fs-dfm"$/],
  'another exponent': [change({ exponent: 2 }), /^exponent is 2, but step\.onnx says 1$/],
  'another count of parameters': [change({ parameters: 7 }), /^parameters is 7, but step\.onnx says \d+$/],
  'a vocabulary with the mask inside, where it is beyond': [change({ vocab_size: 321 }), /^vocab_size is 321, but step\.onnx says 320$/],
  'a longer canvas': [(directory) => editGraph(directory, (bytes) => withMetadata(bytes, 'fewstep.max_length', 32)), /^max_length is 64, but step\.onnx says 32$/],
  'another source': [(directory) => editGraph(directory, (bytes) => withMetadata(bytes, 'fewstep.source_distribution', 'uniform')), /^source_distribution is "mask", but step\.onnx says "uniform"$/],
  'another tokenizer': [(directory) => editTokenizer(directory, ({ model }) => { (model as Json)['dropout'] = 0 }), /^tokenizer is "tokenizer\.json", but step\.onnx was exported with another one .*--tokenizer$/],
  'a constant in a file outside its folder': [(directory) => editGraph(directory, (bytes) => withConstantFile(bytes, '../../secret')), /^files does not list "\.\.\/\.\.\/secret", where step\.onnx has its weights$/],
  'an older kind of graph': [field('graph.version', 1), /^graph\.version is 1, but step\.onnx says 2$/],
  'weights in a file that is not listed': [(directory) => editGraph(directory, (bytes) => withDataFile(bytes, 'step.onnx.data')), /^files does not list "step\.onnx\.data", where step\.onnx has its weights$/]
})

refuses('LLaDA that is said to be Dream', 'manifest.json', {
  'by its graph': [change({ algorithm: 'dream' }), /^algorithm is "dream", but step\.onnx says "llada"$/]
}, 'tiny-llada')

t.test('a graph with 8-bit products is checked like the other', async (t) => {
  const directory = await copyOf('tiny-text')
  await replace(directory, 'step-int8.onnx', withMetadata(await readFile(join(directory, 'step.onnx')), 'fewstep.compute', 'int8'))
  await field('graph.int8_file', 'step-int8.onnx')(directory)
  t.equal((await loadModel(directory)).manifest.graph.int8_file, 'step-int8.onnx')
  await replace(directory, 'step-int8.onnx', await readFile(join(directory, 'step.onnx')))
  await t.rejects(loadModel(directory), { message: /step-int8\.onnx: it computes in "float32", but the manifest names it as the graph that computes in int8$/ })
})

t.test('a graph in float16 is checked like the others, against an opset of its own', async (t) => {
  const directory = await copyOf('tiny-half')
  t.equal((await loadModel(directory)).manifest.graph.float16_opset, 24)
  await field('graph.float16_opset', 20)(directory)
  await t.rejects(loadModel(directory), { message: /manifest\.json: graph\.float16_opset is 20, but that of step-fp16\.onnx is 24$/ })
})

t.test('what exporters wrote before graphs said what they are is taken as it is', async (t) => {
  for (const name of ['tiny-text', 'tiny-llada', 'tiny-dream'] as const) {
    const directory = await copyOf(name)
    await editGraph(directory, withoutMetadata)
    t.equal((await loadModel(directory)).manifest.name, name)
  }
  for (const name of ['fewstep-stories', 'fewstep-stories-dfm', 'fewstep-stories-llada', 'fewstep-stories-dream']) {
    t.equal((await loadModel(join(dirname(DEFAULT_MODEL), name))).manifest.name, name)
  }
})

t.test('a canvas may be shorter than the graph allows', async (t) => {
  t.equal((await loadModel(await copyOf('tiny-text', { max_length: 32 }))).manifest.max_length, 32)
})
