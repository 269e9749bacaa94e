/** Random choices that the same seed repeats, so that a failed run can be looked at again. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** Whole number, both bounds included. */
  between(low: number, high: number): number
  pick<T>(from: readonly T[]): T
}

/** Makes a {@link Random} (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    pick: <T>(from: readonly T[]): T => from[between(0, from.length - 1)] as T,
  }
}

/** The seed that POSTERN_CHAOS_SEED asks for, else a new one. */
export function chaosSeed(): number {
  return Number(process.env['POSTERN_CHAOS_SEED'] ?? Date.now() % 1_000_000)
}
