const minuteMs = 60_000
const dayMs = 1440 * minuteMs

/** 30 days: the time that ACME operators recommend for certificates of 90 days. */
const renewBeforeMs = 30 * dayMs

/** Let's Encrypt allows five failed validations of a host in an hour. */
const firstRetryMs = 5 * minuteMs

const longestRetryMs = 360 * minuteMs

/**
 * When a certificate should be renewed, in milliseconds since 1970: 30 days before its end, or when a third of its life
 * is left if that is later. Some days earlier by chance, so that certificates made together are not renewed together.
 *
 * @param chance 0 to 1
 */
export function renewalTimeMs(
  life: { readonly beginsAtMs: number; readonly expiresAtMs: number },
  chance: number,
): number {
  const before = Math.min(renewBeforeMs, (life.expiresAtMs - life.beginsAtMs) / 3)
  return life.expiresAtMs - before * (1 + chance / 10)
}

/**
 * How long to wait after a failed order: 5 minutes, doubled with every failure up to 6 hours, and up to half of it more
 * by chance.
 *
 * @param failures in a row, at least 1
 */
export function retryDelayMs(failures: number, chance: number): number {
  return Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs) * (1 + chance / 2)
}
