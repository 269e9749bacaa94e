import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'
import {
  addCredential,
  createPrincipal,
  deletePrincipal,
  removeCredential,
  showPrincipal,
  updatePrincipal,
} from './manage-principal.ts'

const id: ManagedFlag = {
  long: 'id',
  value: 'ID',
  help: 'object id, client id, sign-in name or display name',
  isRequired: true,
  to: 'run',
}
const displayName: ManagedFlag = {
  long: 'display-name',
  short: 'n',
  value: 'NAME',
  help: 'what people call it',
  to: 'run',
}
const expires: ManagedFlag = {
  long: 'end-date',
  value: 'TIME',
  help: 'when the secret ends: 2027-01-31 or a whole time; default: never',
  to: 'run',
}
const certificate: ManagedFlag = {
  long: 'certificate',
  value: '@FILE',
  help: 'PEM file with a certificate or public key, in place of a secret',
  to: 'run',
}
const password: ManagedFlag = {
  long: 'password',
  value: '@FILE',
  help: 'file with the password of a person',
  to: 'run',
}
const columns = {
  DisplayName: 'properties.displayName',
  Kind: 'properties.kind',
  SignInName: 'properties.signInName',
  ClientId: 'properties.clientId',
  PrincipalId: 'properties.principalId',
  Enabled: 'properties.enabled',
  Credentials: 'length(properties.credentials)',
}
const credentialColumns = { ClientId: 'clientId', CredentialId: 'credentialId', Secret: 'secret', TenantId: 'tenantId' }

export const principalGroups: readonly ManagedGroup[] = [
  { words: 'principal', summary: 'People and programs of the built-in identity.' },
  { words: 'principal credential', summary: 'Secrets, certificates and passwords.' },
]

/** `postern principal ...` */
export const principalCommands: readonly ManagedCommand[] = [
  {
    words: 'principal create',
    summary: 'Creates a program with a secret, which is shown this once, or a person with a password.',
    flags: [
      { ...displayName, isRequired: true },
      {
        long: 'kind',
        value: 'KIND',
        help: 'default: ServicePrincipal',
        choices: ['ServicePrincipal', 'User'],
        to: 'run',
      },
      { long: 'sign-in-name', value: 'NAME', help: 'with which a person signs in', to: 'run' },
      password,
      certificate,
      expires,
    ],
    does: createPrincipal,
    columns: { DisplayName: 'displayName', PrincipalId: 'principalId', ...credentialColumns },
    examples: [
      '-n pipeline',
      '-n pipeline --certificate @app.pem',
      '-n "Ann Lee" --kind User --sign-in-name ann@example.com --password @password.txt',
    ],
  },
  {
    words: 'principal list',
    summary: 'Lists people and programs.',
    flags: [{ long: 'filter', value: 'TEXT', help: 'such as "kind eq \'User\'"', to: 'query.$filter' }],
    does: 'Principals_List',
    columns,
    examples: ['', '--query "[].properties.displayName" -o tsv'],
  },
  {
    words: 'principal show',
    summary: 'Shows a person or program with its credentials, never their secrets.',
    flags: [id],
    does: showPrincipal,
    columns,
    examples: ['--id pipeline'],
  },
  {
    words: 'principal update',
    summary: 'Renames a person or program, disables or enables it.',
    flags: [
      id,
      displayName,
      {
        long: 'enabled',
        value: 'true|false',
        help: 'false: its tokens and listeners end at once',
        kind: 'boolean',
        to: 'run',
      },
    ],
    does: updatePrincipal,
    columns,
    examples: ['--id pipeline --enabled false'],
  },
  {
    words: 'principal delete',
    summary: 'Deletes a person or program with its role assignments.',
    flags: [id],
    does: deletePrincipal,
    confirmation: 'It can no longer sign in, and its roles are gone.',
    examples: ['--id pipeline'],
  },
  {
    words: 'principal credential add',
    summary: 'Makes a secret, which is shown this once, adds a certificate, or sets the password of a person.',
    flags: [id, certificate, password, expires],
    does: addCredential,
    columns: credentialColumns,
    examples: ['--id pipeline', '--id pipeline --end-date 2027-01-31', '--id ann@example.com --password @password.txt'],
  },
  {
    words: 'principal credential remove',
    summary: 'Removes a credential.',
    flags: [
      id,
      { long: 'credential-id', value: 'ID', help: 'as `principal show` names it', isRequired: true, to: 'run' },
    ],
    does: removeCredential,
    confirmation: 'Nobody can sign in with it any more.',
    examples: ['--id pipeline --credential-id 0f6ef4d9-9a3b-4a6c-8f5c-3f1f3f0c2b11'],
  },
]
