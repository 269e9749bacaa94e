/** Keys fetched at once: a call of the random source costs as much as some hundred keys. */
const poolLength = 1_024

const pool = new Uint32Array(poolLength)
let next = poolLength

/**
 * Takes a fresh unpredictable key for one frame. RFC 6455 section 5.3. The pool is shared by all connections: 4 KiB for
 * each idle one would be more than the rest of its state.
 */
export function nextMaskKey(): number {
  if (next === poolLength) {
    crypto.getRandomValues(pool)
    next = 0
  }
  const key = pool[next] as number
  // A key that was used stays nowhere in memory.
  pool[next++] = 0
  return key
}
