/** setTimeout's longest delay; no client waits for longer. */
const maxTimeoutMs = 2 ** 31 - 1

/**
 * Reads the OperationTimeout of a connection string as milliseconds: `[days.]hours:minutes:seconds[.fraction]` as .NET
 * writes it, or whole seconds as Java does (observed). Undefined when it is neither, zero, or longer than a timer runs.
 */
export function parseOperationTimeout(text: string): number | undefined {
  const match = /^(?:(?:(\d{1,4})\.)?(\d{1,2}):([0-5]?\d):([0-5]?\d(?:\.\d{1,7})?)|(\d{1,9}))$/.exec(text)
  if (!match) return undefined
  const [days, hours, minutes, seconds, whole] = match.slice(1).map((digits) => Number(digits ?? 0)) as Numbers
  const totalSeconds = whole + seconds + 60 * (minutes + 60 * (hours + 24 * days))
  const ms = Math.round(totalSeconds * 1000)
  return ms > 0 && ms <= maxTimeoutMs ? ms : undefined
}

type Numbers = [days: number, hours: number, minutes: number, seconds: number, whole: number]
