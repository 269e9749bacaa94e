import type { DirectoryPrincipal, PrincipalCredential } from '../../domain/directory-principal.ts'

const kinds = { servicePrincipal: 'ServicePrincipal', user: 'User', app: 'App', hcm: 'Hcm' } as const

/** Kind of a principal as it is answered. */
export function kindName(kind: DirectoryPrincipal['kind']): (typeof kinds)[DirectoryPrincipal['kind']] {
  return kinds[kind]
}

/** A person or program; neither secrets nor their hashes are in it. */
export function principalJson(principal: DirectoryPrincipal): unknown {
  const { id, clientId, kind, displayName, signInName, isEnabled, createdAt, updatedAt, credentials } = principal
  return {
    id: `/providers/Postern.Management/principals/${id}`,
    name: id,
    type: 'Postern.Management/principals',
    properties: {
      principalId: id,
      clientId,
      kind: kindName(kind),
      displayName,
      ...(signInName !== undefined && { signInName }),
      enabled: isEnabled,
      createdOn: createdAt.toISOString(),
      updatedOn: updatedAt.toISOString(),
      credentials: credentials.map(credentialJson),
    },
  }
}

function credentialJson(credential: PrincipalCredential): unknown {
  const { id, kind, displayName, createdAt, expiresAt } = credential
  return {
    id,
    kind: kind === 'password' ? 'Secret' : 'Key',
    displayName,
    ...('thumbprint' in credential && { thumbprint: credential.thumbprint }),
    createdOn: createdAt.toISOString(),
    ...(expiresAt && { expiresOn: expiresAt.toISOString() }),
  }
}
