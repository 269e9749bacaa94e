/** Variables that commands of the management API read. */
export const managementVariables = [
  'POSTERN_CONFIG_DIR',
  'POSTERN_ENDPOINT',
  'POSTERN_CA',
  'POSTERN_CLIENT_ID',
  'POSTERN_CLIENT_SECRET',
  'POSTERN_CLIENT_CERTIFICATE',
  'POSTERN_SUBSCRIPTION',
  'POSTERN_GROUP',
  'POSTERN_OUTPUT',
] as const
