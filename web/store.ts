/** Holds the state, and draws it at most once a frame. */
export interface Store<State, Action> {
  readonly state: State
  dispatch (action: Action): void
}

/** @param draw is given the state of before, or undefined at first */
export function createStore<State, Action> (
  reduce: (state: State, action: Action) => State, initial: State, draw: (state: State, before: State | undefined) => void
): Store<State, Action> {
  let state = initial
  let drawn: State | undefined
  let asked = false
  const drawSoon = (): void => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      const before = drawn
      drawn = state
      if (state !== before) draw(state, before)
    })
  }
  drawSoon()
  return {
    get state () { return state },
    dispatch (action) {
      state = reduce(state, action)
      drawSoon()
    }
  }
}
