import type { EntityUsage } from '../../domain/namespace-usage.ts'

export const noUsage: EntityUsage = { listenerSeconds: 0, peakListeners: 0, bytes: 0, connections: 0 }

/** Of two stretches of time of one hybrid connection. */
export function addUsage(a: EntityUsage, b: EntityUsage): EntityUsage {
  return {
    listenerSeconds: a.listenerSeconds + b.listenerSeconds,
    peakListeners: Math.max(a.peakListeners, b.peakListeners),
    bytes: a.bytes + b.bytes,
    connections: a.connections + b.connections,
  }
}

/**
 * Of the hybrid connections of a namespace. Listeners are billed for each hybrid connection: five of them on two Hybrid
 * Connection Managers are ten.
 */
export function sumUsage(entities: Iterable<EntityUsage>): EntityUsage {
  let sum = noUsage
  for (const each of entities) {
    const peakListeners = sum.peakListeners + each.peakListeners
    sum = { ...addUsage(sum, each), peakListeners }
  }
  return sum
}

/** `2026-11`, UTC. */
export function monthOf(date: Date): string {
  return date.toISOString().slice(0, 'yyyy-mm'.length)
}

/** What hybrid connections have used that are gone: all of them under this name, which none can have. */
export const goneName = '(deleted)'
