/** The one tenant of a relay: everything and everybody that it knows belongs to it. Clients want a GUID. */
export const tenantId = '11111111-1111-4111-8111-111111111111'
