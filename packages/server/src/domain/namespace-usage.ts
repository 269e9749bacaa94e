/** What one hybrid connection used in a month. */
export interface EntityUsage {
  /** Listener-seconds as billed: each listener counts once for every second that it is connected. */
  readonly listenerSeconds: number
  /** Most listeners at once. */
  readonly peakListeners: number
  readonly bytes: number
  readonly connections: number
}

/** What a namespace used in a month, by hybrid connection (lower case). */
export interface NamespaceUsage {
  readonly namespace: string
  /** `2026-11`, UTC. */
  readonly month: string
  readonly entities: Readonly<Record<string, EntityUsage>>
  readonly createdAt: Date
  readonly updatedAt: Date
}
