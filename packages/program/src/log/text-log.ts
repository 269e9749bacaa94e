/**
 * Turns one JSON log line into one for people: `2026-11-23T12:00:00.000Z info  listener.connected entity=demo`. Values
 * with spaces, quotes or line feeds are written as JSON, so a line stays a line whatever a stranger sends.
 */
export function formatLogLine(json: string): string {
  const { time, level, event, ...fields } = JSON.parse(json) as Record<string, unknown>
  const parts = [String(time), String(level).padEnd(5), String(event)]
  for (const [name, value] of Object.entries(fields)) parts.push(`${name}=${formatValue(value)}`)
  return `${parts.join(' ')}\n`
}

function formatValue(value: unknown): string {
  if (typeof value === 'string' && /^[\w.:/@%+?&=#~[\]-]+$/.test(value)) return value
  // JSON leaves DEL, C1 controls and line separators as they are; terminals obey some of them.
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
