/** Which numbers an option takes. */
export interface NumberRange {
  readonly least: number
  /** Default: no bound. */
  readonly most?: number
}

/** Reads the number of an option. @throws {Error} naming the option when it is none, or out of range. */
export function readNumber(
  flag: string,
  text: string,
  { least, most = Number.POSITIVE_INFINITY }: NumberRange,
): number {
  const value = Number(text)
  if (value >= least && value <= most) return value
  const wanted = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `between ${least} and ${most}`
  throw new Error(`${flag} must be ${wanted}, not ${text}.`)
}

/** Reads numbers separated by commas. @throws {Error} as {@link readNumber}. */
export function readNumbers(flag: string, text: string, range: NumberRange): readonly number[] {
  return splitNames(text).map((number) => readNumber(flag, number, range))
}

/** Words separated by commas. */
export function splitNames(text: string): readonly string[] {
  return text.split(',').filter((name) => name !== '')
}
