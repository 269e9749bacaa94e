import { RelayError } from '@postern/protocol'

/** Date and time with anything from minutes to Azure's seven digits behind the second; without a zone it is UTC. */
const pattern = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i

/** Reads a time of a query; `name` says in the refusal what it was for. @throws {RelayError} RequestContentInvalid */
export function readTime(name: string, text: string): Date {
  // A plus that nobody encoded has become a space.
  const [, day, time = '00:00', zone = 'Z'] = pattern.exec(text.replace(/ (?=\d\d:?\d\d$)(?<=:.*)/, '+')) ?? []
  const date = new Date(day === undefined ? Number.NaN : `${day}T${time}${zone.toUpperCase()}`)
  if (!Number.isNaN(date.getTime())) return date
  throw new RelayError('RequestContentInvalid', {
    message: `${name} must be a time such as 2026-11-01T00:00:00Z`,
  })
}
