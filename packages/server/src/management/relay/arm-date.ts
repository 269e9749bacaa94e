/** A date as Microsoft.Relay writes it: seven digits of fraction (observed). */
export function armDate(date: Date): string {
  return date.toISOString().replace('Z', '0000Z')
}
