import type { WriteCondition } from './resource-store.ts'

/** Whether a write may go ahead over what stands there; `revision` is undefined when nothing does. */
export function conditionHolds(condition: WriteCondition, revision: string | undefined): boolean {
  if (condition === 'any') return true
  if (condition === 'absent') return revision === undefined
  return revision === condition.revision
}
