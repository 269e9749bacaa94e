import { encodeAuditRecord } from './audit-text.ts'

/**
 * Audit records that wait for the disk, as canonical texts. When it is full, those that come are counted, and one record
 * that says how many takes their place as soon as there is room.
 */
export class AuditQueue {
  readonly #maxWaiting: number
  #waiting: string[] = []
  #end = 0
  #lost = 0
  #lostInAll = 0

  constructor(options: { readonly maxWaiting: number }) {
    this.#maxWaiting = options.maxWaiting
  }

  /** Records in all that found no room. */
  get lost(): number {
    return this.#lostInAll
  }

  /** How many texts will have been taken when everything that is in here now has been. */
  get end(): number {
    return this.#lost > 0 ? this.#end + 1 : this.#end
  }

  push(body: string): void {
    if (this.#waiting.length >= this.#maxWaiting) {
      this.#lost += 1
      this.#lostInAll += 1
      return
    }
    this.#waiting.push(body)
    this.#end += 1
  }

  /** Takes the oldest, at most `limit`; none when it is empty. */
  take(limit: number): readonly string[] {
    const taken = this.#waiting.splice(0, limit)
    if (this.#lost > 0 && taken.length > 0) {
      const body = lostRecord(this.#lost)
      this.#lost = 0
      this.push(body)
    }
    return taken
  }
}

function lostRecord(count: number): string {
  return encodeAuditRecord({
    kind: 'audit',
    at: new Date(),
    trackingId: '',
    principal: 'relay',
    action: 'lose',
    scope: '/',
    result: 'failed',
    reason: `${count} records were lost: they came faster than the disk took them`,
    source: 'relay',
  })
}
