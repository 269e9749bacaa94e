import type { ResourcePlacement } from './resource-placement.ts'

/** An app's use of a hybrid connection. The endpoint is not here: the hybrid connection's metadata is the one truth. */
export interface AppHybridConnection {
  readonly namespace: string
  readonly relayName: string
  /** ARM id of the hybrid connection as it was given. */
  readonly relayArmUri: string
  /** Rule whose key the app sends with; the key itself is looked up when it is needed, so that rotation is followed. */
  readonly sendKeyName: string
  /** Whose rule it is. Without it the namespace's rule would take the place of one of the same name that was deleted. */
  readonly sendKeyScope: 'hybridConnection' | 'namespace'
  readonly sendKey: 'primary' | 'secondary'
  readonly attachedAt: Date
}

/** What production and every slot of an app have of their own. */
export interface AppDeployment {
  readonly hybridConnections: readonly AppHybridConnection[]
  /** Principal that a connector signs in as for this app; absent while the app has no identity. */
  readonly principalId?: string
}

export interface AppSlot extends AppDeployment {
  readonly name: string
}

/** A web app or function app: production and its slots. */
export interface App extends ResourcePlacement, AppDeployment {
  readonly name: string
  readonly kind?: string
  /** ARM id of its plan. */
  readonly planId: string
  readonly slots: readonly AppSlot[]
  readonly createdAt: Date
  readonly updatedAt: Date
}
