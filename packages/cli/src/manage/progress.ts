/** Says on standard error, and only to a person, what is still going on. */
export interface Progress {
  readonly say: (text: string) => void
  readonly end: () => void
}

/** Nothing is said about what is done before anybody wonders. */
const patienceMs = 2_000

export function startProgress(output: NodeJS.WriteStream = process.stderr): Progress {
  if (!output.isTTY) return { say: () => {}, end: () => {} }
  const startedAtMs = performance.now()
  let text = 'Waiting for the relay'
  let isShown = false
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAtMs) / 1000)
    if (seconds * 1000 < patienceMs) return
    isShown = true
    output.write(`\r\u001b[K${text} (${seconds} s)`)
  }, 1_000)
  return {
    say: (next) => {
      text = next
    },
    end: () => {
      clearInterval(timer)
      if (isShown) output.write('\r\u001b[K')
      isShown = false
    },
  }
}
