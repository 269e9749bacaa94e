/** Where a resource stands in the tree of subscriptions and resource groups, and what people wrote on it. */
export interface ResourcePlacement {
  /** Any text; Azure uses GUIDs. Compared in lower case. */
  readonly subscriptionId: string
  /** Compared in lower case. */
  readonly resourceGroup: string
  /** A region such as `westus2`; compared without regard to case and spaces. */
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
}

/** Where a namespace stands that nobody placed: one of a resources file that names no subscription, for example. */
export const defaultPlacement: ResourcePlacement = {
  subscriptionId: '00000000-0000-0000-0000-000000000000',
  resourceGroup: 'postern',
  location: 'local',
  tags: {},
}

/** The form in which locations are compared: Azure writes `West US 2` and `westus2` for the same one. */
export function plainLocation(location: string): string {
  return location.toLowerCase().replace(/\s+/g, '')
}
