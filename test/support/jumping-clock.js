/** Loaded into a process before all else: at each look its wall clock is one or two years off, ahead or behind, as none before. */
const YEAR_MS = 365 * 86_400_000
const RealDate = Date
let looks = 0

function now () {
  return RealDate.now() + (2 * looks++ % 5 - 2) * YEAR_MS
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, name) => name === 'now' ? now : Reflect.get(target, name)
})
