/** What a process says about itself when it is asked; see {@link ObservedProgram.insides}. */
export interface ProcessInsides {
  /** JavaScript heap in use after a garbage collection, bytes. */
  readonly heapUsed: number
  /** Memory outside of the heap that JavaScript objects hold, bytes. */
  readonly external: number
  /** What keeps the event loop alive, by kind: `TCPSocketWrap`, `Timeout` ... */
  readonly resources: Readonly<Record<string, number>>
}

// Loaded into the process under test with --import: the program itself knows nothing of it.
process.on('message', () => {
  globalThis.gc?.()
  // What was freed in the first round may have held the rest.
  setImmediate(() => {
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    const resources: Record<string, number> = {}
    for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
    process.send?.({ heapUsed, external, resources } satisfies ProcessInsides)
  })
})
process.channel?.unref()
