import { RelayError } from '@postern/protocol'
import type { WriteCondition } from './resource-store.ts'

/** The error of a write whose condition does not hold. */
export function preconditionFailed(key: string, condition: WriteCondition): RelayError {
  const reason =
    condition === 'absent' ? 'there is one already' : 'it was changed or deleted since it was read; read it again'
  return new RelayError('PreconditionFailed', { message: `${key} was not written: ${reason}.` })
}
