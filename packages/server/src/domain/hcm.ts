/** Whether an HCM's last attempt to reach the target of a hybrid connection succeeded. */
export type TargetState = 'Reachable' | 'Unreachable' | 'Unknown'

/** What an HCM last said about one of its hybrid connections. */
export interface HcmEntityReport {
  readonly namespace: string
  readonly name: string
  readonly target: TargetState
  /** What failed last, for people. */
  readonly lastError?: string
  readonly since: Date
}

/** A Hybrid Connection Manager that has enrolled: it has an identity of its own and no shared key. */
export interface Hcm {
  /** GUID. */
  readonly id: string
  readonly name: string
  readonly subscriptionId: string
  /** Object id of its principal. */
  readonly principalId: string
  readonly version?: string
  /** Source address of its last report. */
  readonly address?: string
  /** When it was last heard of; up to five minutes behind while nothing but the time changes. */
  readonly lastSeenAt?: Date
  /** Whether it is heard of; absent until its first report. */
  readonly isOnline?: boolean
  readonly entities: readonly HcmEntityReport[]
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** A one-time permission to enrol an HCM. */
export interface HcmEnrolment {
  /** GUID; the first part of the token. */
  readonly id: string
  readonly subscriptionId: string
  /** SHA-256 of the token's secret part, base64url. */
  readonly secretHash: string
  /** ARM ids of the hybrid connections that the HCM may listen on. */
  readonly hybridConnections: readonly string[]
  readonly createdBy: string
  readonly expiresAt: Date
  readonly createdAt: Date
  readonly updatedAt: Date
}
