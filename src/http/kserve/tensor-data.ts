/**
 * Tensors as bytes (KServe's binary tensor data extension): row by row, little-endian, without padding; a text is the number of its bytes,
 * in four of them, and its UTF-8.
 */
import { isUtf8 } from 'node:buffer'

export type Datatype = 'BYTES' | 'INT32' | 'INT64'
export type Element = string | number

const LENGTH_BYTES = 4

/** @returns the text that is all of a tensor's elements, or undefined where the bytes are anything else */
export function decodeText (bytes: Buffer): string | undefined {
  if (bytes.length < LENGTH_BYTES || bytes.readUInt32LE() !== bytes.length - LENGTH_BYTES) return undefined
  const text = bytes.subarray(LENGTH_BYTES)
  return isUtf8(text) ? text.toString() : undefined
}

/** @param elements texts for BYTES, whole numbers for the others */
export function encodeElements (datatype: Datatype, elements: readonly Element[]): Buffer {
  return Buffer.concat(elements.map((element) => encodeElement(datatype, element)))
}

function encodeElement (datatype: Datatype, element: Element): Buffer {
  if (datatype === 'BYTES') {
    const text = Buffer.from(String(element))
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32LE(text.length)
    return Buffer.concat([length, text])
  }
  const bytes = Buffer.alloc(datatype === 'INT64' ? 8 : 4)
  if (datatype === 'INT64') bytes.writeBigInt64LE(BigInt(element))
  else bytes.writeInt32LE(Number(element))
  return bytes
}
