import type { OptionTable } from '@postern/program'

/** The part of the option table about sign-in and tokens. */
export const identityOptions = {
  issuer: {
    group: 'Identity',
    flag: 'issuer',
    env: 'POSTERN_ISSUER',
    type: 'string',
    help: 'Address https://HOST[:PORT] of the management door that tokens name as their issuer. Without it: the public host and the management port, or the first management host when both doors share one port. Needed when clients come through a load balancer or a port mapping.',
    example: 'https://manage.relay.example.test',
  },
  tokenLifetime: {
    group: 'Identity',
    flag: 'token-lifetime',
    env: 'POSTERN_TOKEN_LIFETIME',
    type: 'duration',
    default: '1h',
    min: 60_000,
    max: 86_400_000,
    help: 'How long an access token of the built-in identity is good for.',
  },
  tokenKeyLifetime: {
    group: 'Identity',
    flag: 'token-key-lifetime',
    env: 'POSTERN_TOKEN_KEY_LIFETIME',
    type: 'duration',
    default: '30d',
    min: 3_600_000,
    help: 'Age at which the key that signs tokens is replaced. Old keys stay until the last token that they signed has run out.',
  },
  oidcIssuers: {
    group: 'Identity',
    flag: 'oidc-issuers',
    env: 'POSTERN_OIDC_ISSUERS',
    type: 'list',
    separator: ';',
    default: [],
    help: 'OpenID Connect providers whose tokens are accepted too: NAME=ISSUER,audience=AUDIENCE[,audience=...][,subject=CLAIM][,groups=CLAIM][,name=CLAIM]. Role assignments name their principals and groups NAME:SUBJECT and NAME:GROUP; choose claims that nobody can set for himself. Claims are sub, groups and preferred_username unless said otherwise.',
    example: 'corp=https://login.microsoftonline.com/TENANT/v2.0,audience=api://postern,subject=oid',
  },
  bootstrapAdminSecret: {
    group: 'Identity',
    env: 'POSTERN_BOOTSTRAP_ADMIN_SECRET',
    type: 'secret',
    help: 'Client secret of the first administrator, 32 to 256 random characters. Used when there is no principal yet. Without it one is made and written to bootstrap-admin.json in the data folder.',
    example: '@/run/secrets/postern-admin',
  },
} as const satisfies OptionTable
