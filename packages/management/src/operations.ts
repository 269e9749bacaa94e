// Made by tools/generate-management-client.ts from the route table of the relay. Do not edit.
/* oxlint-disable eslint/max-lines */
import type { Operation } from './operation.ts'

/** How each operation is called. */
export const operationTable = {
  Metadata_Endpoints: { method: 'GET', path: '/metadata/endpoints', version: '2021-04-01' },
  Tenants_List: { method: 'GET', path: '/tenants', version: '2021-04-01', isPaged: true },
  Subscriptions_List: { method: 'GET', path: '/subscriptions', version: '2021-04-01', isPaged: true },
  Subscriptions_Get: { method: 'GET', path: '/subscriptions/{subscriptionId}', version: '2021-04-01' },
  Subscriptions_ListLocations: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/locations',
    version: '2021-04-01',
    isPaged: true,
  },
  ResourceGroups_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourcegroups',
    version: '2021-04-01',
    isPaged: true,
  },
  ResourceGroups_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}',
    version: '2021-04-01',
  },
  ResourceGroups_CheckExistence: {
    method: 'HEAD',
    path: '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}',
    version: '2021-04-01',
  },
  ResourceGroups_CreateOrUpdate: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}',
    version: '2021-04-01',
  },
  ResourceGroups_Update: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}',
    version: '2021-04-01',
  },
  ResourceGroups_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}',
    version: '2021-04-01',
    isLongRunning: true,
  },
  ResourceGroups_DeleteResult: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/operationresults/{operationId}',
    version: '2021-04-01',
  },
  Resources_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resources',
    version: '2021-04-01',
    isPaged: true,
  },
  Resources_ListByResourceGroup: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}/resources',
    version: '2021-04-01',
    isPaged: true,
  },
  Providers_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers',
    version: '2021-04-01',
    isPaged: true,
  },
  Providers_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/{resourceProviderNamespace}',
    version: '2021-04-01',
  },
  Providers_Register: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/providers/{resourceProviderNamespace}/register',
    version: '2021-04-01',
  },
  RelayOperations_List: {
    method: 'GET',
    path: '/providers/Microsoft.Relay/operations',
    version: '2026-01-01',
    isPaged: true,
  },
  Namespaces_CheckNameAvailability: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/providers/Microsoft.Relay/checkNameAvailability',
    version: '2026-01-01',
  },
  Namespaces_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/Microsoft.Relay/namespaces',
    version: '2026-01-01',
    isPaged: true,
  },
  Namespaces_ListByResourceGroup: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces',
    version: '2026-01-01',
    isPaged: true,
  },
  Namespaces_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}',
    version: '2026-01-01',
  },
  Namespaces_CreateOrUpdate: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}',
    version: '2026-01-01',
    isLongRunning: true,
  },
  Namespaces_Update: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}',
    version: '2026-01-01',
  },
  Namespaces_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}',
    version: '2026-01-01',
    isLongRunning: true,
  },
  Namespaces_DeleteResult: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/operationresults/{operationId}',
    version: '2026-01-01',
    isLongRunning: true,
  },
  HybridConnections_ListByNamespace: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections',
    version: '2026-01-01',
    isPaged: true,
  },
  HybridConnections_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}',
    version: '2026-01-01',
  },
  HybridConnections_CreateOrUpdate: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}',
    version: '2026-01-01',
  },
  HybridConnections_Update: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}',
    version: '2026-01-01',
  },
  HybridConnections_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}',
    version: '2026-01-01',
  },
  Namespaces_ListAuthorizationRules: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/authorizationRules',
    version: '2026-01-01',
    isPaged: true,
  },
  Namespaces_GetAuthorizationRule: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/authorizationRules/{authorizationRuleName}',
    version: '2026-01-01',
  },
  Namespaces_CreateOrUpdateAuthorizationRule: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/authorizationRules/{authorizationRuleName}',
    version: '2026-01-01',
  },
  Namespaces_DeleteAuthorizationRule: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/authorizationRules/{authorizationRuleName}',
    version: '2026-01-01',
  },
  Namespaces_ListKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/authorizationRules/{authorizationRuleName}/listKeys',
    version: '2026-01-01',
  },
  Namespaces_RegenerateKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/authorizationRules/{authorizationRuleName}/regenerateKeys',
    version: '2026-01-01',
  },
  HybridConnections_ListAuthorizationRules: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}/authorizationRules',
    version: '2026-01-01',
    isPaged: true,
  },
  HybridConnections_GetAuthorizationRule: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}/authorizationRules/{authorizationRuleName}',
    version: '2026-01-01',
  },
  HybridConnections_CreateOrUpdateAuthorizationRule: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}/authorizationRules/{authorizationRuleName}',
    version: '2026-01-01',
  },
  HybridConnections_DeleteAuthorizationRule: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}/authorizationRules/{authorizationRuleName}',
    version: '2026-01-01',
  },
  HybridConnections_ListKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}/authorizationRules/{authorizationRuleName}/listKeys',
    version: '2026-01-01',
  },
  HybridConnections_RegenerateKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/hybridConnections/{hybridConnectionName}/authorizationRules/{authorizationRuleName}/regenerateKeys',
    version: '2026-01-01',
  },
  Namespaces_ListNetworkRuleSets: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/networkRuleSets',
    version: '2026-01-01',
    isPaged: true,
  },
  Namespaces_GetNetworkRuleSet: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/networkRuleSets/default',
    version: '2026-01-01',
  },
  Namespaces_CreateOrUpdateNetworkRuleSet: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/networkRuleSets/default',
    version: '2026-01-01',
  },
  PrivateEndpointConnections_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/privateEndpointConnections',
    version: '2026-01-01',
    isPaged: true,
  },
  PrivateEndpointConnections_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/privateEndpointConnections/{privateEndpointConnectionName}',
    version: '2026-01-01',
  },
  PrivateEndpointConnections_CreateOrUpdate: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/privateEndpointConnections/{privateEndpointConnectionName}',
    version: '2026-01-01',
    isLongRunning: true,
  },
  PrivateEndpointConnections_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/privateEndpointConnections/{privateEndpointConnectionName}',
    version: '2026-01-01',
    isLongRunning: true,
  },
  PrivateLinkResources_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/privateLinkResources',
    version: '2026-01-01',
    isPaged: true,
  },
  PrivateLinkResources_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/privateLinkResources/{privateLinkResourceName}',
    version: '2026-01-01',
  },
  Ingress_ListByNamespace: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/ingress',
    version: '2026-01-01',
    isPaged: true,
  },
  Ingress_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/ingress/{ingressName}',
    version: '2026-01-01',
  },
  Ingress_CreateOrUpdate: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/ingress/{ingressName}',
    version: '2026-01-01',
  },
  Ingress_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/ingress/{ingressName}',
    version: '2026-01-01',
  },
  WcfRelays_ListByNamespace: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays',
    version: '2026-01-01',
    isPaged: true,
  },
  WcfRelays_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays/{relayName}',
    version: '2026-01-01',
  },
  WcfRelays_CreateOrUpdate: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays/{relayName}',
    version: '2026-01-01',
  },
  WcfRelays_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays/{relayName}',
    version: '2026-01-01',
  },
  WcfRelays_ListAuthorizationRules: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays/{relayName}/authorizationRules',
    version: '2026-01-01',
    isPaged: true,
  },
  WcfRelays_GetAuthorizationRule: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays/{relayName}/authorizationRules/{authorizationRuleName}',
    version: '2026-01-01',
  },
  WcfRelays_CreateOrUpdateAuthorizationRule: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays/{relayName}/authorizationRules/{authorizationRuleName}',
    version: '2026-01-01',
  },
  WcfRelays_DeleteAuthorizationRule: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays/{relayName}/authorizationRules/{authorizationRuleName}',
    version: '2026-01-01',
  },
  WcfRelays_ListKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays/{relayName}/authorizationRules/{authorizationRuleName}/listKeys',
    version: '2026-01-01',
  },
  WcfRelays_RegenerateKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/wcfRelays/{relayName}/authorizationRules/{authorizationRuleName}/regenerateKeys',
    version: '2026-01-01',
  },
  WebSites_CheckNameAvailability: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/providers/Microsoft.Web/checknameavailability',
    version: '2025-05-01',
  },
  AppServicePlans_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/Microsoft.Web/serverfarms',
    version: '2025-05-01',
    isPaged: true,
  },
  AppServicePlans_ListByResourceGroup: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms',
    version: '2025-05-01',
    isPaged: true,
  },
  AppServicePlans_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}',
    version: '2025-05-01',
  },
  AppServicePlans_CreateOrUpdate: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}',
    version: '2025-05-01',
    isLongRunning: true,
  },
  AppServicePlans_Update: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}',
    version: '2025-05-01',
  },
  AppServicePlans_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}',
    version: '2025-05-01',
  },
  AppServicePlans_ListWebApps: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}/sites',
    version: '2025-05-01',
    isPaged: true,
  },
  AppServicePlans_ListHybridConnections: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}/hybridConnectionRelays',
    version: '2025-05-01',
    isPaged: true,
  },
  AppServicePlans_GetHybridConnection: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  AppServicePlans_DeleteHybridConnection: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  AppServicePlans_ListHybridConnectionKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}/listKeys',
    version: '2025-05-01',
  },
  AppServicePlans_ListGatewayKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}/listGatewayKeys',
    version: '2025-05-01',
  },
  AppServicePlans_ListWebAppsByHybridConnection: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}/sites',
    version: '2025-05-01',
    isPaged: true,
  },
  AppServicePlans_GetHybridConnectionPlanLimit: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/serverfarms/{name}/hybridConnectionPlanLimits/limit',
    version: '2025-05-01',
  },
  WebApps_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/Microsoft.Web/sites',
    version: '2025-05-01',
    isPaged: true,
  },
  WebApps_ListByResourceGroup: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites',
    version: '2025-05-01',
    isPaged: true,
  },
  WebApps_ListSlots: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots',
    version: '2025-05-01',
    isPaged: true,
  },
  WebApps_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}',
    version: '2025-05-01',
  },
  WebApps_GetSlot: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}',
    version: '2025-05-01',
  },
  WebApps_CreateOrUpdate: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}',
    version: '2025-05-01',
    isLongRunning: true,
  },
  WebApps_CreateOrUpdateSlot: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}',
    version: '2025-05-01',
    isLongRunning: true,
  },
  WebApps_Update: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}',
    version: '2025-05-01',
  },
  WebApps_UpdateSlot: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}',
    version: '2025-05-01',
  },
  WebApps_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}',
    version: '2025-05-01',
  },
  WebApps_DeleteSlot: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}',
    version: '2025-05-01',
  },
  WebApps_ListHybridConnections: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridConnectionRelays',
    version: '2025-05-01',
  },
  WebApps_ListHybridConnectionsSlot: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridConnectionRelays',
    version: '2025-05-01',
  },
  WebApps_GetHybridConnection: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  WebApps_GetHybridConnectionSlot: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  WebApps_CreateOrUpdateHybridConnection: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  WebApps_CreateOrUpdateHybridConnectionSlot: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  WebApps_UpdateHybridConnection: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  WebApps_UpdateHybridConnectionSlot: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  WebApps_DeleteHybridConnection: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  WebApps_DeleteHybridConnectionSlot: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}',
    version: '2025-05-01',
  },
  WebApps_ListHybridConnectionKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}/listKeys',
    version: '2025-05-01',
  },
  WebApps_ListHybridConnectionKeysSlot: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}/listKeys',
    version: '2025-05-01',
  },
  WebApps_ListGatewayKeys: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}/listGatewayKeys',
    version: '2025-05-01',
  },
  WebApps_ListGatewayKeysSlot: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}/listGatewayKeys',
    version: '2025-05-01',
  },
  WebApps_ListConnectorCredentials: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/connectorCredentials',
    version: '2026-11-01',
  },
  WebApps_ListConnectorCredentialsSlot: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/connectorCredentials',
    version: '2026-11-01',
  },
  WebApps_CreateConnectorCredential: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/connectorCredentials',
    version: '2026-11-01',
  },
  WebApps_CreateConnectorCredentialSlot: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/connectorCredentials',
    version: '2026-11-01',
  },
  WebApps_DeleteConnectorCredential: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/connectorCredentials/{credentialId}',
    version: '2026-11-01',
  },
  WebApps_DeleteConnectorCredentialSlot: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/connectorCredentials/{credentialId}',
    version: '2026-11-01',
  },
  Apps_GetOwnHybridConnections: {
    method: 'GET',
    path: '/providers/Postern.Management/apps/self/hybridConnections',
    version: '2026-11-01',
    isStream: true,
  },
  WebApps_ListRelayServiceConnections: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridconnection',
    version: '2025-05-01',
  },
  WebApps_ListRelayServiceConnectionsSlot: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridconnection',
    version: '2025-05-01',
  },
  WebApps_GetRelayServiceConnection: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridconnection/{entityName}',
    version: '2025-05-01',
  },
  WebApps_GetRelayServiceConnectionSlot: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridconnection/{entityName}',
    version: '2025-05-01',
  },
  WebApps_CreateOrUpdateRelayServiceConnection: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridconnection/{entityName}',
    version: '2025-05-01',
  },
  WebApps_CreateOrUpdateRelayServiceConnectionSlot: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridconnection/{entityName}',
    version: '2025-05-01',
  },
  WebApps_UpdateRelayServiceConnection: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridconnection/{entityName}',
    version: '2025-05-01',
  },
  WebApps_UpdateRelayServiceConnectionSlot: {
    method: 'PATCH',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridconnection/{entityName}',
    version: '2025-05-01',
  },
  WebApps_DeleteRelayServiceConnection: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/hybridconnection/{entityName}',
    version: '2025-05-01',
  },
  WebApps_DeleteRelayServiceConnectionSlot: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}/slots/{slot}/hybridconnection/{entityName}',
    version: '2025-05-01',
  },
  Me_Get: { method: 'GET', path: '/providers/Postern.Management/me', version: '2026-11-01' },
  Principals_List: {
    method: 'GET',
    path: '/providers/Postern.Management/principals',
    version: '2026-11-01',
    isPaged: true,
  },
  Principals_Get: {
    method: 'GET',
    path: '/providers/Postern.Management/principals/{principalId}',
    version: '2026-11-01',
  },
  Principals_Create: {
    method: 'PUT',
    path: '/providers/Postern.Management/principals/{principalId}',
    version: '2026-11-01',
  },
  Principals_Update: {
    method: 'PATCH',
    path: '/providers/Postern.Management/principals/{principalId}',
    version: '2026-11-01',
  },
  Principals_Delete: {
    method: 'DELETE',
    path: '/providers/Postern.Management/principals/{principalId}',
    version: '2026-11-01',
  },
  Principals_AddCredential: {
    method: 'POST',
    path: '/providers/Postern.Management/principals/{principalId}/credentials',
    version: '2026-11-01',
  },
  Principals_RemoveCredential: {
    method: 'DELETE',
    path: '/providers/Postern.Management/principals/{principalId}/credentials/{credentialId}',
    version: '2026-11-01',
  },
  SigningKeys_List: { method: 'GET', path: '/providers/Postern.Management/signingKeys', version: '2026-11-01' },
  SigningKeys_Rotate: { method: 'POST', path: '/providers/Postern.Management/signingKeys/rotate', version: '2026-11-01' },
  Usage_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}/providers/Postern.Management/usage',
    version: '2026-11-01',
  },
  Hcms_Enrol: { method: 'POST', path: '/providers/Postern.Management/hcms/enrol', version: '2026-11-01' },
  Hcms_GetSelf: { method: 'GET', path: '/providers/Postern.Management/hcms/self', version: '2026-11-01' },
  Hcms_Report: { method: 'PUT', path: '/providers/Postern.Management/hcms/self/report', version: '2026-11-01' },
  Hcms_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/Postern.Management/hcms',
    version: '2026-11-01',
    isPaged: true,
  },
  Hcms_Get: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/Postern.Management/hcms/{hcmId}',
    version: '2026-11-01',
  },
  Hcms_Create: {
    method: 'PUT',
    path: '/subscriptions/{subscriptionId}/providers/Postern.Management/hcms/{hcmId}',
    version: '2026-11-01',
  },
  Hcms_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/providers/Postern.Management/hcms/{hcmId}',
    version: '2026-11-01',
  },
  Hcms_AddHybridConnection: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/providers/Postern.Management/hcms/{hcmId}/addHybridConnection',
    version: '2026-11-01',
  },
  Hcms_RemoveHybridConnection: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/providers/Postern.Management/hcms/{hcmId}/removeHybridConnection',
    version: '2026-11-01',
  },
  HcmEnrolments_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/Postern.Management/hcmEnrolments',
    version: '2026-11-01',
    isPaged: true,
  },
  HcmEnrolments_Create: {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/providers/Postern.Management/hcmEnrolments',
    version: '2026-11-01',
  },
  HcmEnrolments_Delete: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}/providers/Postern.Management/hcmEnrolments/{enrolmentId}',
    version: '2026-11-01',
  },
  ActivityLogs_List: {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values',
    version: '2015-04-01',
    isPaged: true,
  },
  Audit_List: {
    method: 'GET',
    path: '/providers/Postern.Management/audit',
    version: '2026-11-01',
    isPaged: true,
  },
  RoleDefinitions_List: {
    method: 'GET',
    path: '/{+scope}/providers/Microsoft.Authorization/roleDefinitions',
    version: '2022-04-01',
    isPaged: true,
  },
  RoleDefinitions_Get: {
    method: 'GET',
    path: '/{+scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}',
    version: '2022-04-01',
  },
  RoleDefinitions_CreateOrUpdate: {
    method: 'PUT',
    path: '/{+scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}',
    version: '2022-04-01',
  },
  RoleDefinitions_Delete: {
    method: 'DELETE',
    path: '/{+scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}',
    version: '2022-04-01',
  },
  RoleAssignments_ListForScope: {
    method: 'GET',
    path: '/{+scope}/providers/Microsoft.Authorization/roleAssignments',
    version: '2022-04-01',
    isPaged: true,
  },
  RoleAssignments_Get: {
    method: 'GET',
    path: '/{+scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}',
    version: '2022-04-01',
  },
  RoleAssignments_Create: {
    method: 'PUT',
    path: '/{+scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}',
    version: '2022-04-01',
  },
  RoleAssignments_Delete: {
    method: 'DELETE',
    path: '/{+scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}',
    version: '2022-04-01',
  },
  Permissions_List: {
    method: 'GET',
    path: '/{+scope}/providers/Microsoft.Authorization/permissions',
    version: '2022-04-01',
    isPaged: true,
  },
} as const satisfies Readonly<Record<string, Operation>>

/** What each operation takes and answers. */
export interface Operations {
  /** Where clients find the parts of this cloud: `az cloud register`, Terraform. */
  readonly Metadata_Endpoints: {
    readonly input: unknown
    readonly reply: unknown
  }
  /** Lists the one tenant. */
  readonly Tenants_List: {
    readonly input: {
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly TenantsListItem[]
      readonly nextLink?: string
    }
  }
  /** Lists the subscriptions in which the caller may read anything. */
  readonly Subscriptions_List: {
    readonly input: {
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly SubscriptionsGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a subscription in which the caller may read anything. */
  readonly Subscriptions_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
    }
    readonly reply: SubscriptionsGetReply
  }
  /** Lists the locations in use; any other text is a location too. */
  readonly Subscriptions_ListLocations: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly SubscriptionsListLocationsItem[]
      readonly nextLink?: string
    }
  }
  /** Lists the resource groups that the caller may read. */
  readonly ResourceGroups_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly ResourceGroupsGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a resource group. */
  readonly ResourceGroups_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
      }
    }
    readonly reply: ResourceGroupsGetReply
  }
  /** Tells by 204 or 404 whether a resource group is there. */
  readonly ResourceGroups_CheckExistence: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
      }
    }
    readonly reply: undefined
  }
  /** Creates a resource group, or replaces its tags. */
  readonly ResourceGroups_CreateOrUpdate: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
      }
      readonly body: ResourceGroupsCreateOrUpdateBody
    }
    readonly reply: ResourceGroupsGetReply
  }
  /** Changes the tags of a resource group. */
  readonly ResourceGroups_Update: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
      }
      readonly body: ResourceGroupsUpdateBody
    }
    readonly reply: ResourceGroupsGetReply
  }
  /** Deletes a resource group with everything in it. */
  readonly ResourceGroups_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
      }
    }
    readonly reply: undefined
  }
  /** Tells that a deletion is done: it is, as soon as it has been answered. */
  readonly ResourceGroups_DeleteResult: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly operationId: string
      }
    }
    readonly reply: undefined
  }
  /** Lists the namespaces, plans and apps of a subscription that the caller may read. */
  readonly Resources_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** resourceType eq 'Microsoft.Relay/namespaces' and resourceGroup eq 'NAME'; one or both */
        readonly $filter?: string
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly ResourcesListItem[]
      readonly nextLink?: string
    }
  }
  /** Lists the namespaces, plans and apps of a resource group. */
  readonly Resources_ListByResourceGroup: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly ResourcesListItem[]
      readonly nextLink?: string
    }
  }
  /** Lists the resource providers with their types and api-versions. */
  readonly Providers_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly ProvidersGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a resource provider: always registered. */
  readonly Providers_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceProviderNamespace: string
      }
    }
    readonly reply: ProvidersGetReply
  }
  /** Does nothing: every provider is registered. */
  readonly Providers_Register: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceProviderNamespace: string
      }
    }
    readonly reply: ProvidersGetReply
  }
  /** Lists the actions of Microsoft.Relay that roles can allow. */
  readonly RelayOperations_List: {
    readonly input: {
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly RelayOperationsListItem[]
      readonly nextLink?: string
    }
  }
  /** Tells whether a namespace can have a name; names are unique over all subscriptions. */
  readonly Namespaces_CheckNameAvailability: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly body: NamespacesCheckNameAvailabilityBody
    }
    readonly reply: NamespacesCheckNameAvailabilityReply
  }
  /** Lists the namespaces of a subscription that the caller may read. */
  readonly Namespaces_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly NamespacesGetReply[]
      readonly nextLink?: string
    }
  }
  /** Lists the namespaces of a resource group that the caller may read. */
  readonly Namespaces_ListByResourceGroup: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly NamespacesGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a namespace. */
  readonly Namespaces_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
    }
    readonly reply: NamespacesGetReply
  }
  /** Creates a namespace with the rule RootManageSharedAccessKey, or replaces its tags. */
  readonly Namespaces_CreateOrUpdate: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly body: NamespacesCreateOrUpdateBody
    }
    readonly reply: NamespacesGetReply
  }
  /** Changes tags or network access of a namespace. */
  readonly Namespaces_Update: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly body: NamespacesUpdateBody
    }
    readonly reply: NamespacesGetReply
  }
  /** Deletes a namespace with everything in it. */
  readonly Namespaces_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
    }
    readonly reply: undefined
  }
  /** Tells whether a deletion is done: 202 while the namespace is there, then 200. */
  readonly Namespaces_DeleteResult: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly operationId: string
      }
    }
    readonly reply: NamespacesGetReply
  }
  /** Lists the hybrid connections of a namespace. */
  readonly HybridConnections_ListByNamespace: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly HybridConnectionsGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a hybrid connection. */
  readonly HybridConnections_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
      }
    }
    readonly reply: HybridConnectionsGetReply
  }
  /** Creates a hybrid connection, or replaces its properties; what Azure does not have stays unless it is named. */
  readonly HybridConnections_CreateOrUpdate: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
      }
      readonly body: HybridConnectionsCreateOrUpdateBody
    }
    readonly reply: HybridConnectionsGetReply
  }
  /** Changes some properties of a hybrid connection; `endpoint` changes the entry in userMetadata. */
  readonly HybridConnections_Update: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
      }
      readonly body: HybridConnectionsUpdateBody
    }
    readonly reply: HybridConnectionsGetReply
  }
  /** Deletes a hybrid connection; its connections end. */
  readonly HybridConnections_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
      }
    }
    readonly reply: undefined
  }
  /** Lists the authorization rules of a namespace, without keys. */
  readonly Namespaces_ListAuthorizationRules: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly NamespacesGetAuthorizationRuleReply[]
      readonly nextLink?: string
    }
  }
  /** Gets an authorization rule of a namespace, without keys. */
  readonly Namespaces_GetAuthorizationRule: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly authorizationRuleName: string
      }
    }
    readonly reply: NamespacesGetAuthorizationRuleReply
  }
  /** Creates an authorization rule of a namespace with new keys, or replaces its rights. */
  readonly Namespaces_CreateOrUpdateAuthorizationRule: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly authorizationRuleName: string
      }
      readonly body: NamespacesCreateOrUpdateAuthorizationRuleBody
    }
    readonly reply: NamespacesGetAuthorizationRuleReply
  }
  /** Deletes an authorization rule of a namespace; listeners that came in by it are closed. */
  readonly Namespaces_DeleteAuthorizationRule: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly authorizationRuleName: string
      }
    }
    readonly reply: undefined
  }
  /** Gets keys and connection strings of an authorization rule of a namespace. */
  readonly Namespaces_ListKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly authorizationRuleName: string
      }
    }
    readonly reply: NamespacesListKeysReply
  }
  /** Replaces a key of an authorization rule of a namespace; listeners that came in by it are closed. */
  readonly Namespaces_RegenerateKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly authorizationRuleName: string
      }
      readonly body: NamespacesRegenerateKeysBody
    }
    readonly reply: NamespacesListKeysReply
  }
  /** Lists the authorization rules of a hybrid connection, without keys. */
  readonly HybridConnections_ListAuthorizationRules: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly NamespacesGetAuthorizationRuleReply[]
      readonly nextLink?: string
    }
  }
  /** Gets an authorization rule of a hybrid connection, without keys. */
  readonly HybridConnections_GetAuthorizationRule: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
        readonly authorizationRuleName: string
      }
    }
    readonly reply: NamespacesGetAuthorizationRuleReply
  }
  /** Creates an authorization rule of a hybrid connection with new keys, or replaces its rights. */
  readonly HybridConnections_CreateOrUpdateAuthorizationRule: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
        readonly authorizationRuleName: string
      }
      readonly body: NamespacesCreateOrUpdateAuthorizationRuleBody
    }
    readonly reply: NamespacesGetAuthorizationRuleReply
  }
  /** Deletes an authorization rule of a hybrid connection; listeners that came in by it are closed. */
  readonly HybridConnections_DeleteAuthorizationRule: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
        readonly authorizationRuleName: string
      }
    }
    readonly reply: undefined
  }
  /** Gets keys and connection strings of an authorization rule of a hybrid connection. */
  readonly HybridConnections_ListKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
        readonly authorizationRuleName: string
      }
    }
    readonly reply: NamespacesListKeysReply
  }
  /** Replaces a key of an authorization rule of a hybrid connection; listeners that came in by it are closed. */
  readonly HybridConnections_RegenerateKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly hybridConnectionName: string
        readonly authorizationRuleName: string
      }
      readonly body: NamespacesRegenerateKeysBody
    }
    readonly reply: NamespacesListKeysReply
  }
  /** Lists the one set of network rules of a namespace. */
  readonly Namespaces_ListNetworkRuleSets: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly NamespacesGetNetworkRuleSetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets the network rules of a namespace. */
  readonly Namespaces_GetNetworkRuleSet: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
    }
    readonly reply: NamespacesGetNetworkRuleSetReply
  }
  /** Replaces the network rules of a namespace; refused when they would shut the caller out of management. */
  readonly Namespaces_CreateOrUpdateNetworkRuleSet: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly body: NamespacesCreateOrUpdateNetworkRuleSetBody
    }
    readonly reply: NamespacesGetNetworkRuleSetReply
  }
  /** Lists the private endpoint connections of a namespace. */
  readonly PrivateEndpointConnections_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly PrivateEndpointConnectionsGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a private endpoint connection. */
  readonly PrivateEndpointConnections_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly privateEndpointConnectionName: string
      }
    }
    readonly reply: PrivateEndpointConnectionsGetReply
  }
  /** Creates a private endpoint connection, or changes its state. */
  readonly PrivateEndpointConnections_CreateOrUpdate: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly privateEndpointConnectionName: string
      }
      readonly body: PrivateEndpointConnectionsCreateOrUpdateBody
    }
    readonly reply: PrivateEndpointConnectionsGetReply
  }
  /** Deletes a private endpoint connection. */
  readonly PrivateEndpointConnections_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly privateEndpointConnectionName: string
      }
    }
    readonly reply: undefined
  }
  /** Lists what of a namespace a private endpoint can lead to. */
  readonly PrivateLinkResources_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly PrivateLinkResourcesGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets what a private endpoint can lead to: `namespace`. */
  readonly PrivateLinkResources_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly privateLinkResourceName: string
      }
    }
    readonly reply: PrivateLinkResourcesGetReply
  }
  /** Lists the ingress entries of a namespace, those of the resources file too. */
  readonly Ingress_ListByNamespace: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly IngressGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets an ingress entry, without password hashes and private keys. */
  readonly Ingress_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly ingressName: string
      }
    }
    readonly reply: IngressGetReply
  }
  /** Creates or replaces an ingress entry, on a port that --ingress-ports grants; it is open before the answer. */
  readonly Ingress_CreateOrUpdate: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly ingressName: string
      }
      readonly body: IngressCreateOrUpdateBody
    }
    readonly reply: IngressGetReply
  }
  /** Deletes an ingress entry; its devices are cut. */
  readonly Ingress_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly ingressName: string
      }
    }
    readonly reply: undefined
  }
  /** Lists the WCF relays of a namespace: always none. */
  readonly WcfRelays_ListByNamespace: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly WcfRelaysListByNamespaceItem[]
      readonly nextLink?: string
    }
  }
  /** Always 404: there are no WCF relays. */
  readonly WcfRelays_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: undefined
  }
  /** Refused: WCF relays are not supported. */
  readonly WcfRelays_CreateOrUpdate: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly relayName: string
      }
      readonly body?: unknown
    }
    readonly reply: undefined
  }
  /** Always 204: there are no WCF relays. */
  readonly WcfRelays_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: undefined
  }
  /** Lists the authorization rules of a WCF relay: always none. */
  readonly WcfRelays_ListAuthorizationRules: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly relayName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly WcfRelaysListAuthorizationRulesItem[]
      readonly nextLink?: string
    }
  }
  /** Always 404: there are no WCF relays. */
  readonly WcfRelays_GetAuthorizationRule: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly relayName: string
        readonly authorizationRuleName: string
      }
    }
    readonly reply: undefined
  }
  /** Refused: WCF relays are not supported. */
  readonly WcfRelays_CreateOrUpdateAuthorizationRule: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly relayName: string
        readonly authorizationRuleName: string
      }
      readonly body?: unknown
    }
    readonly reply: undefined
  }
  /** Always 204: there are no WCF relays. */
  readonly WcfRelays_DeleteAuthorizationRule: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly relayName: string
        readonly authorizationRuleName: string
      }
    }
    readonly reply: undefined
  }
  /** Always 404: there are no WCF relays. */
  readonly WcfRelays_ListKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly relayName: string
        readonly authorizationRuleName: string
      }
    }
    readonly reply: undefined
  }
  /** Always 404: there are no WCF relays. */
  readonly WcfRelays_RegenerateKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
        readonly relayName: string
        readonly authorizationRuleName: string
      }
      readonly body?: unknown
    }
    readonly reply: undefined
  }
  /** Tells whether an app of this name can be created in the subscription. */
  readonly WebSites_CheckNameAvailability: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly body: WebSitesCheckNameAvailabilityBody
    }
    readonly reply: WebSitesCheckNameAvailabilityReply
  }
  /** Lists the plans of a subscription that the caller may read. */
  readonly AppServicePlans_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** Taken and ignored: answers are always whole */
        readonly detailed?: string
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly AppServicePlansGetReply[]
      readonly nextLink?: string | null
    }
  }
  /** Lists the plans of a resource group. */
  readonly AppServicePlans_ListByResourceGroup: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly AppServicePlansGetReply[]
      readonly nextLink?: string | null
    }
  }
  /** Gets a plan. */
  readonly AppServicePlans_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
    }
    readonly reply: AppServicePlansGetReply
  }
  /** Creates a plan, or changes its SKU as far as its apps use no more than the new one allows. */
  readonly AppServicePlans_CreateOrUpdate: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
      readonly body: AppServicePlansCreateOrUpdateBody
    }
    readonly reply: AppServicePlansGetReply
  }
  /** Changes some of a plan: SKU, kind, tags. */
  readonly AppServicePlans_Update: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
      readonly body: AppServicePlansUpdateBody
    }
    readonly reply: AppServicePlansGetReply
  }
  /** Deletes a plan that has no apps. */
  readonly AppServicePlans_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
    }
    readonly reply: undefined
  }
  /** Lists the apps of a plan. */
  readonly AppServicePlans_ListWebApps: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly WebAppsGetReply[]
      readonly nextLink?: string | null
    }
  }
  /** Lists the hybrid connections that the apps of a plan use, each once. */
  readonly AppServicePlans_ListHybridConnections: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly AppServicePlansGetHybridConnectionReply[]
      readonly nextLink?: string | null
    }
  }
  /** Gets a hybrid connection that apps of a plan use. */
  readonly AppServicePlans_GetHybridConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: AppServicePlansGetHybridConnectionReply
  }
  /** Detaches a hybrid connection from every app and slot of a plan. */
  readonly AppServicePlans_DeleteHybridConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: undefined
  }
  /** Gets the send key that apps of a plan use. The caller also needs the listKeys action at the relay. */
  readonly AppServicePlans_ListHybridConnectionKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: AppServicePlansListHybridConnectionKeysReply
  }
  /** Gets the connection string with which a Hybrid Connection Manager listens. The caller also needs the listKeys action at the relay. Ours. */
  readonly AppServicePlans_ListGatewayKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: AppServicePlansListGatewayKeysReply
  }
  /** Lists the apps and slots of a plan that use a hybrid connection: strings that hold name and id. */
  readonly AppServicePlans_ListWebAppsByHybridConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly string[]
      readonly nextLink?: string | null
    }
  }
  /** Gets how many hybrid connections a plan uses and may use. */
  readonly AppServicePlans_GetHybridConnectionPlanLimit: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
    }
    readonly reply: AppServicePlansGetHybridConnectionPlanLimitReply
  }
  /** Lists the apps of a subscription that the caller may read. */
  readonly WebApps_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly WebAppsGetReply[]
      readonly nextLink?: string | null
    }
  }
  /** Lists the apps of a resource group. */
  readonly WebApps_ListByResourceGroup: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
      }
      readonly query?: {
        /** Taken and ignored: slots are listed below their app */
        readonly includeSlots?: string
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly WebAppsGetReply[]
      readonly nextLink?: string | null
    }
  }
  /** Lists the slots of an app. */
  readonly WebApps_ListSlots: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly WebAppsGetReply[]
      readonly nextLink?: string | null
    }
  }
  /** Gets an app, or one of its slots. */
  readonly WebApps_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
    }
    readonly reply: WebAppsGetReply
  }
  /** Gets an app, or one of its slots. */
  readonly WebApps_GetSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
      }
    }
    readonly reply: WebAppsGetReply
  }
  /** Creates an app or a slot, or changes its plan, identity, kind and tags. */
  readonly WebApps_CreateOrUpdate: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
      readonly body: WebAppsCreateOrUpdateBody
    }
    readonly reply: WebAppsGetReply
  }
  /** Creates an app or a slot, or changes its plan, identity, kind and tags. */
  readonly WebApps_CreateOrUpdateSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
      }
      readonly body: WebAppsCreateOrUpdateBody
    }
    readonly reply: WebAppsGetReply
  }
  /** Changes some of an app or slot: plan, identity, kind, tags. */
  readonly WebApps_Update: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
      readonly body: WebAppsUpdateBody
    }
    readonly reply: WebAppsGetReply
  }
  /** Changes some of an app or slot: plan, identity, kind, tags. */
  readonly WebApps_UpdateSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
      }
      readonly body: WebAppsUpdateBody
    }
    readonly reply: WebAppsGetReply
  }
  /** Deletes an app with its slots, or a slot; its identity goes with it. */
  readonly WebApps_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
      readonly query?: {
        /** true: the app's plan is deleted with its last app */
        readonly deleteEmptyServerFarm?: string
      }
    }
    readonly reply: undefined
  }
  /** Deletes an app with its slots, or a slot; its identity goes with it. */
  readonly WebApps_DeleteSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
      }
      readonly query?: {
        /** true: the app's plan is deleted with its last app */
        readonly deleteEmptyServerFarm?: string
      }
    }
    readonly reply: undefined
  }
  /** Lists the hybrid connections of an app. */
  readonly WebApps_ListHybridConnections: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
    }
    readonly reply: WebAppsListHybridConnectionsReply
  }
  /** Lists the hybrid connections of an app. */
  readonly WebApps_ListHybridConnectionsSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
      }
    }
    readonly reply: WebAppsListHybridConnectionsReply
  }
  /** Gets a hybrid connection of an app, with its status. */
  readonly WebApps_GetHybridConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: AppServicePlansGetHybridConnectionReply
  }
  /** Gets a hybrid connection of an app, with its status. */
  readonly WebApps_GetHybridConnectionSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: AppServicePlansGetHybridConnectionReply
  }
  /** Attaches a hybrid connection to an app. The caller also needs the listKeys action at the relay, or a send key in the body. */
  readonly WebApps_CreateOrUpdateHybridConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
      readonly body: WebAppsCreateOrUpdateHybridConnectionBody
    }
    readonly reply: AppServicePlansGetHybridConnectionReply
  }
  /** Attaches a hybrid connection to an app. The caller also needs the listKeys action at the relay, or a send key in the body. */
  readonly WebApps_CreateOrUpdateHybridConnectionSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly namespaceName: string
        readonly relayName: string
      }
      readonly body: WebAppsCreateOrUpdateHybridConnectionBody
    }
    readonly reply: AppServicePlansGetHybridConnectionReply
  }
  /** Changes the send key of an attached hybrid connection, or its host and port for everybody. */
  readonly WebApps_UpdateHybridConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
      readonly body: WebAppsCreateOrUpdateHybridConnectionBody
    }
    readonly reply: AppServicePlansGetHybridConnectionReply
  }
  /** Changes the send key of an attached hybrid connection, or its host and port for everybody. */
  readonly WebApps_UpdateHybridConnectionSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly namespaceName: string
        readonly relayName: string
      }
      readonly body: WebAppsCreateOrUpdateHybridConnectionBody
    }
    readonly reply: AppServicePlansGetHybridConnectionReply
  }
  /** Detaches a hybrid connection from an app. */
  readonly WebApps_DeleteHybridConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: undefined
  }
  /** Detaches a hybrid connection from an app. */
  readonly WebApps_DeleteHybridConnectionSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: undefined
  }
  /** Gets the send key that an app uses. The caller also needs the listKeys action at the relay. */
  readonly WebApps_ListHybridConnectionKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: AppServicePlansListHybridConnectionKeysReply
  }
  /** Gets the send key that an app uses. The caller also needs the listKeys action at the relay. */
  readonly WebApps_ListHybridConnectionKeysSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: AppServicePlansListHybridConnectionKeysReply
  }
  /** Gets the connection string with which a Hybrid Connection Manager listens. The caller also needs the listKeys action at the relay. Ours. */
  readonly WebApps_ListGatewayKeys: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: AppServicePlansListGatewayKeysReply
  }
  /** Gets the connection string with which a Hybrid Connection Manager listens. The caller also needs the listKeys action at the relay. Ours. */
  readonly WebApps_ListGatewayKeysSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly namespaceName: string
        readonly relayName: string
      }
    }
    readonly reply: AppServicePlansListGatewayKeysReply
  }
  /** Lists the credentials of the connector of an app, without their secrets. */
  readonly WebApps_ListConnectorCredentials: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
    }
    readonly reply: WebAppsListConnectorCredentialsReply
  }
  /** Lists the credentials of the connector of an app, without their secrets. */
  readonly WebApps_ListConnectorCredentialsSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
      }
    }
    readonly reply: WebAppsListConnectorCredentialsReply
  }
  /** Makes a secret with which the connector of an app signs in as the app. It is shown this once. */
  readonly WebApps_CreateConnectorCredential: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
      readonly body?: WebAppsCreateConnectorCredentialBody
    }
    readonly reply: WebAppsCreateConnectorCredentialReply
  }
  /** Makes a secret with which the connector of an app signs in as the app. It is shown this once. */
  readonly WebApps_CreateConnectorCredentialSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
      }
      readonly body?: WebAppsCreateConnectorCredentialBody
    }
    readonly reply: WebAppsCreateConnectorCredentialReply
  }
  /** Deletes a credential of the connector of an app. Tokens that it got before end by themselves. */
  readonly WebApps_DeleteConnectorCredential: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly credentialId: string
      }
    }
    readonly reply: undefined
  }
  /** Deletes a credential of the connector of an app. Tokens that it got before end by themselves. */
  readonly WebApps_DeleteConnectorCredentialSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly credentialId: string
      }
    }
    readonly reply: undefined
  }
  /** Gets the hybrid connections of the app that is calling, with the keys to send through them; as server-sent events, again after each change. */
  readonly Apps_GetOwnHybridConnections: {
    readonly input: {
      readonly query?: {
        /** `30s`: answer only when the revision is another one than `after`, or with 304 when the time is over */
        readonly wait?: string
        /** Revision that the caller has, as Last-Event-ID says it for events */
        readonly after?: string
      }
    }
    readonly reply: AppsGetOwnHybridConnectionsReply | undefined
  }
  /** Answers an empty list: BizTalk hybrid connections ended in 2018. */
  readonly WebApps_ListRelayServiceConnections: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
      }
    }
    readonly reply: WebAppsListRelayServiceConnectionsReply
  }
  /** Answers an empty list: BizTalk hybrid connections ended in 2018. */
  readonly WebApps_ListRelayServiceConnectionsSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
      }
    }
    readonly reply: WebAppsListRelayServiceConnectionsReply
  }
  /** Answers 404: there are no BizTalk hybrid connections. */
  readonly WebApps_GetRelayServiceConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly entityName: string
      }
    }
    readonly reply: undefined
  }
  /** Answers 404: there are no BizTalk hybrid connections. */
  readonly WebApps_GetRelayServiceConnectionSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly entityName: string
      }
    }
    readonly reply: undefined
  }
  /** Answers 400: BizTalk hybrid connections cannot be made any more. */
  readonly WebApps_CreateOrUpdateRelayServiceConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly entityName: string
      }
    }
    readonly reply: undefined
  }
  /** Answers 400: BizTalk hybrid connections cannot be made any more. */
  readonly WebApps_CreateOrUpdateRelayServiceConnectionSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly entityName: string
      }
    }
    readonly reply: undefined
  }
  /** Answers 404: there are no BizTalk hybrid connections. */
  readonly WebApps_UpdateRelayServiceConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly entityName: string
      }
    }
    readonly reply: undefined
  }
  /** Answers 404: there are no BizTalk hybrid connections. */
  readonly WebApps_UpdateRelayServiceConnectionSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly entityName: string
      }
    }
    readonly reply: undefined
  }
  /** Answers 404: there are no BizTalk hybrid connections. */
  readonly WebApps_DeleteRelayServiceConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly entityName: string
      }
    }
    readonly reply: undefined
  }
  /** Answers 404: there are no BizTalk hybrid connections. */
  readonly WebApps_DeleteRelayServiceConnectionSlot: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly name: string
        readonly slot: string
        readonly entityName: string
      }
    }
    readonly reply: undefined
  }
  /** Tells who the caller is and which roles were assigned to him. */
  readonly Me_Get: {
    readonly input: unknown
    readonly reply: MeGetReply
  }
  /** Lists people and programs of the built-in identity. */
  readonly Principals_List: {
    readonly input: {
      readonly query?: {
        /** displayName, signInName, clientId or kind, each with eq 'TEXT'; joined by and */
        readonly $filter?: string
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly PrincipalsGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a person or program. */
  readonly Principals_Get: {
    readonly input: {
      readonly params: {
        readonly principalId: string
      }
    }
    readonly reply: PrincipalsGetReply
  }
  /** Creates a person or program under a new GUID; one that is there already stays as it is. */
  readonly Principals_Create: {
    readonly input: {
      readonly params: {
        readonly principalId: string
      }
      readonly body: PrincipalsCreateBody
    }
    readonly reply: PrincipalsGetReply
  }
  /** Renames a person or program, disables or enables it. */
  readonly Principals_Update: {
    readonly input: {
      readonly params: {
        readonly principalId: string
      }
      readonly body: PrincipalsUpdateBody
    }
    readonly reply: PrincipalsGetReply
  }
  /** Deletes a person or program with all its role assignments. */
  readonly Principals_Delete: {
    readonly input: {
      readonly params: {
        readonly principalId: string
      }
    }
    readonly reply: undefined
  }
  /** Makes a client secret, which is shown this once, adds a certificate, or sets the password of a person. */
  readonly Principals_AddCredential: {
    readonly input: {
      readonly params: {
        readonly principalId: string
      }
      readonly body: PrincipalsAddCredentialBody
    }
    readonly reply: PrincipalsAddCredentialReply
  }
  /** Removes a secret, certificate or password. */
  readonly Principals_RemoveCredential: {
    readonly input: {
      readonly params: {
        readonly principalId: string
        readonly credentialId: string
      }
    }
    readonly reply: undefined
  }
  /** Lists the keys that tokens are signed with, newest first. */
  readonly SigningKeys_List: {
    readonly input: unknown
    readonly reply: SigningKeysListReply
  }
  /** Makes a new signing key; with `revoke` no token that was signed before counts any more. */
  readonly SigningKeys_Rotate: {
    readonly input: {
      readonly body?: SigningKeysRotateBody
    }
    readonly reply: SigningKeysRotateReply
  }
  /** Gets what a namespace used in a month: listeners as billed, hours, bytes, connections. */
  readonly Usage_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly resourceGroupName: string
        readonly namespaceName: string
      }
      readonly query?: {
        /** `2026-11`, UTC. Default: this month */
        readonly month?: string
      }
    }
    readonly reply: UsageGetReply
  }
  /** Enrols a Hybrid Connection Manager by a one-time token: its public key becomes an identity of its own. */
  readonly Hcms_Enrol: {
    readonly input: {
      readonly body: HcmsEnrolBody
    }
    readonly reply: HcmsEnrolReply
  }
  /** Tells a Hybrid Connection Manager which hybrid connections it serves, with addresses and endpoints. */
  readonly Hcms_GetSelf: {
    readonly input: {
      readonly query?: {
        /** with If-None-Match: answers as soon as something changes, at latest after so many; 0 to 60 */
        readonly waitSeconds?: string
      }
    }
    readonly reply: HcmsGetSelfReply | undefined
  }
  /** Takes the heartbeat of a Hybrid Connection Manager, due every half minute, and answers what it serves. */
  readonly Hcms_Report: {
    readonly input: {
      readonly body: HcmsReportBody
    }
    readonly reply: HcmsGetSelfReply
  }
  /** Lists the Hybrid Connection Managers of a subscription. */
  readonly Hcms_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly HcmsGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a Hybrid Connection Manager: version, address, when it was last seen, and the state of its targets. */
  readonly Hcms_Get: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly hcmId: string
      }
    }
    readonly reply: HcmsGetReply
  }
  /** Enrols a Hybrid Connection Manager by the sign-in of a person, who must be allowed to list the keys of each hybrid connection. */
  readonly Hcms_Create: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly hcmId: string
      }
      readonly body: HcmsCreateBody
    }
    readonly reply: HcmsEnrolReply
  }
  /** Revokes a Hybrid Connection Manager: its identity and roles are gone and its channels are cut. */
  readonly Hcms_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly hcmId: string
      }
    }
    readonly reply: undefined
  }
  /** Lets a Hybrid Connection Manager serve one more; the caller must be allowed to list its keys. */
  readonly Hcms_AddHybridConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly hcmId: string
      }
      readonly body: HcmsAddHybridConnectionBody
    }
    readonly reply: HcmsGetReply
  }
  /** Takes a hybrid connection away from a Hybrid Connection Manager. */
  readonly Hcms_RemoveHybridConnection: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly hcmId: string
      }
      readonly body: HcmsAddHybridConnectionBody
    }
    readonly reply: HcmsGetReply
  }
  /** Lists the enrolments that were not used yet, without their tokens. */
  readonly HcmEnrolments_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly HcmEnrolmentsCreateReply[]
      readonly nextLink?: string
    }
  }
  /** Makes a token with which one Hybrid Connection Manager can enrol; the caller must be allowed to list the keys of each hybrid connection. */
  readonly HcmEnrolments_Create: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly body: HcmEnrolmentsCreateBody
    }
    readonly reply: HcmEnrolmentsCreateReply
  }
  /** Revokes an enrolment that was not used yet. */
  readonly HcmEnrolments_Delete: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
        readonly enrolmentId: string
      }
    }
    readonly reply: undefined
  }
  /** Lists what was changed in a subscription, newest first: management calls that do more than read. */
  readonly ActivityLogs_List: {
    readonly input: {
      readonly params: {
        readonly subscriptionId: string
      }
      readonly query?: {
        /** Needed: `eventTimestamp ge 'TIME'`. Also `eventTimestamp le`, and `eq` for resourceGroupName, resourceUri, resourceProvider, correlationId, caller, status; joined by `and` */
        readonly $filter?: string
        /** Names of members, with commas between them */
        readonly $select?: string
        /** Items on a page. */
        readonly $top?: string
        /** From the link to the page */
        readonly $skipToken?: string
      }
    }
    readonly reply: {
      readonly value: readonly ActivityLogsListItem[]
      readonly nextLink?: string
    }
  }
  /** Lists records of the audit log, newest first. A page may be empty and have a next one. */
  readonly Audit_List: {
    readonly input: {
      readonly query?: {
        /** `management`, `decision`, `stream`, `signIn`, `audit`; several with commas between them */
        readonly kind?: string
        /** Time of the oldest record */
        readonly from?: string
        /** Time behind the newest record */
        readonly to?: string
        /** Name or id, in any case: `user:ann`, `ann`, `rule:namespace/app` */
        readonly principal?: string
        /** ARM id: what was done to it and to all below it */
        readonly scope?: string
        /** Tracking id, or the correlation id that the client gave */
        readonly trackingId?: string
        /** `allowed`, `refused`, `succeeded`, `failed` */
        readonly result?: string
        /** Items on a page. */
        readonly $top?: string
        /** From the link to the page */
        readonly $skipToken?: string
      }
    }
    readonly reply: {
      readonly value: readonly AuditListItem[]
      readonly nextLink?: string
    }
  }
  /** Lists the roles that can be assigned at a scope. */
  readonly RoleDefinitions_List: {
    readonly input: {
      readonly params: {
        readonly scope: string
      }
      readonly query?: {
        /** roleName eq 'NAME', type eq 'BuiltInRole' or 'CustomRole', atScopeAndBelow(); joined by and */
        readonly $filter?: string
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly RoleDefinitionsGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a role. */
  readonly RoleDefinitions_Get: {
    readonly input: {
      readonly params: {
        readonly scope: string
        readonly roleDefinitionId: string
      }
    }
    readonly reply: RoleDefinitionsGetReply
  }
  /** Creates or changes a custom role; the caller must be allowed to at each of its assignable scopes. */
  readonly RoleDefinitions_CreateOrUpdate: {
    readonly input: {
      readonly params: {
        readonly scope: string
        readonly roleDefinitionId: string
      }
      readonly body: RoleDefinitionsCreateOrUpdateBody
    }
    readonly reply: RoleDefinitionsGetReply
  }
  /** Deletes a custom role that nobody has. */
  readonly RoleDefinitions_Delete: {
    readonly input: {
      readonly params: {
        readonly scope: string
        readonly roleDefinitionId: string
      }
    }
    readonly reply: RoleDefinitionsGetReply | undefined
  }
  /** Lists the role assignments at a scope, above it and below it. */
  readonly RoleAssignments_ListForScope: {
    readonly input: {
      readonly params: {
        readonly scope: string
      }
      readonly query?: {
        /** atScope() leaves those below out; principalId eq 'ID' or assignedTo('ID') with its groups */
        readonly $filter?: string
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly RoleAssignmentsGetReply[]
      readonly nextLink?: string
    }
  }
  /** Gets a role assignment at its own scope. */
  readonly RoleAssignments_Get: {
    readonly input: {
      readonly params: {
        readonly scope: string
        readonly roleAssignmentName: string
      }
    }
    readonly reply: RoleAssignmentsGetReply
  }
  /** Assigns a role to a principal at a scope, under a GUID of the caller's choice. */
  readonly RoleAssignments_Create: {
    readonly input: {
      readonly params: {
        readonly scope: string
        readonly roleAssignmentName: string
      }
      readonly body: RoleAssignmentsCreateBody
    }
    readonly reply: RoleAssignmentsGetReply
  }
  /** Takes a role away. */
  readonly RoleAssignments_Delete: {
    readonly input: {
      readonly params: {
        readonly scope: string
        readonly roleAssignmentName: string
      }
    }
    readonly reply: RoleAssignmentsGetReply | undefined
  }
  /** Lists what the caller may do at a scope. */
  readonly Permissions_List: {
    readonly input: {
      readonly params: {
        readonly scope: string
      }
      readonly query?: {
        /** Items on a page. */
        readonly $top?: string
      }
    }
    readonly reply: {
      readonly value: readonly PermissionsListItem[]
      readonly nextLink?: string
    }
  }
}

export interface SubscriptionsGetReply {
  readonly id: string
  readonly subscriptionId: string
  readonly tenantId: string
  readonly displayName: string
  readonly state: 'Enabled'
  readonly authorizationSource: 'RoleBased'
}

export interface ResourceGroupsGetReply {
  readonly id: string
  readonly name: string
  readonly type: 'Microsoft.Resources/resourceGroups'
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
  readonly properties: {
    readonly provisioningState: 'Succeeded'
  }
}

export interface ProvidersGetReply {
  readonly id: string
  readonly namespace: string
  readonly registrationState: 'Registered'
  readonly registrationPolicy: 'RegistrationFree'
  readonly resourceTypes: readonly {
    readonly resourceType: string
    readonly locations: readonly string[]
    readonly apiVersions: readonly string[]
  }[]
}

export interface NamespacesGetReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
  readonly sku: {
    readonly name: 'Standard'
    readonly tier: 'Standard'
  }
  readonly properties: {
    readonly provisioningState: 'Created' | 'Succeeded'
    readonly status: 'Activating' | 'Active' | 'Removing'
    readonly createdAt: string
    readonly updatedAt: string
    readonly serviceBusEndpoint: string
    readonly metricId: string
    readonly privateEndpointConnections?: readonly {
      readonly id: string
      readonly name: string
      readonly type: string
      readonly location?: string
      readonly properties: {
        readonly privateEndpoint: {
          readonly id: string
        }
        readonly privateLinkServiceConnectionState: {
          readonly status: string
          readonly description: string
        }
        readonly provisioningState: string
      }
    }[]
    /** Disabled: only the private door serves the namespace. SecuredByPerimeter is not supported. */
    readonly publicNetworkAccess?: 'Enabled' | 'Disabled' | 'SecuredByPerimeter'
    readonly minimumTlsVersion?: '1.2' | '1.3'
  }
  readonly systemData?: {
    readonly createdAt: string
    readonly lastModifiedAt: string
  }
}

export interface HybridConnectionsGetReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly location: string
  readonly properties: {
    readonly createdAt: string
    readonly updatedAt: string
    readonly listenerCount: number
    readonly requiresClientAuthorization: boolean
    readonly userMetadata?: string
    readonly maxListeners?: number
    readonly httpResponseTimeoutMs?: number
    readonly actions?: readonly ('connect' | 'request' | 'send' | 'publish' | 'subscribe')[]
  }
  readonly systemData?: {
    readonly createdAt: string
    readonly lastModifiedAt: string
  }
}

export interface NamespacesGetAuthorizationRuleReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly location: string
  readonly properties: {
    readonly rights: readonly ('Listen' | 'Send' | 'Manage')[]
  }
}

export interface NamespacesGetNetworkRuleSetReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly location: string
  readonly properties: {
    readonly defaultAction: 'Allow' | 'Deny'
    readonly defaultActions: {
      readonly listen?: 'Allow' | 'Deny'
      readonly send?: 'Allow' | 'Deny'
      readonly manage?: 'Allow' | 'Deny'
    }
    /** Disabled: only the private door serves the namespace. SecuredByPerimeter is not supported. */
    readonly publicNetworkAccess: 'Enabled' | 'Disabled' | 'SecuredByPerimeter'
    readonly trustedServiceAccessEnabled: boolean
    readonly ipRules: readonly ({
      readonly ipMask: string
      readonly action: 'Allow'
      readonly appliesTo?: readonly ('listen' | 'send' | 'manage')[]
    })[]
  }
}

export interface PrivateEndpointConnectionsGetReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly location?: string
  readonly properties: {
    readonly privateEndpoint: {
      readonly id: string
    }
    readonly privateLinkServiceConnectionState: {
      readonly status: string
      readonly description: string
    }
    readonly provisioningState: string
  }
}

export interface PrivateLinkResourcesGetReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly properties: {
    readonly groupId: 'namespace'
    readonly requiredMembers: readonly string[]
    readonly requiredZoneNames: readonly string[]
  }
}

export interface IngressGetReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly location: string
  /** For If-Match; entries of the resources file have none. */
  readonly etag?: string
  readonly properties: {
    /** Where it leads to. */
    readonly hybridConnection: string
    /** tcp when left out. */
    readonly protocol?: 'tcp' | 'udp'
    /** Address to bind; all of the machine when left out. */
    readonly address?: string
    /** The public port; 0 for any that is free. */
    readonly port: number
    /** TLS server names that go this way; other entries may share the port. */
    readonly sni?: readonly string[]
    /** HTTP hosts that go this way; other entries may share the port. */
    readonly hosts?: readonly string[]
    /** terminate: TLS ends at the relay, with its certificates. pass, when left out: bytes go through as they come. */
    readonly tls?: 'pass' | 'terminate'
    /** What listeners expect that are none of ours: bare bytes (when left out), or azbridge. */
    readonly framing?: 'raw' | 'azbridge'
    /** What a listener of ours is asked for, among what it permits. */
    readonly target?: string
    /** What azbridge's preamble asks for; the port when left out. */
    readonly portName?: string
    /** Lets everybody in. Without it an entry needs a guard. */
    readonly access?: 'open'
    /** Addresses and networks that may come. */
    readonly allow?: readonly string[]
    /** Connections at once; 10000 when left out. */
    readonly maxConnections?: number
    /** The same of one source address; 1000 when left out. */
    readonly maxConnectionsPerSource?: number
    /** New connections a second of one source address; 200 when left out. */
    readonly connectionsPerSecondPerSource?: number
    /** Tells the target who the client is, by a PROXY protocol header before all bytes, or before each datagram. */
    readonly proxyProtocol?: 'v2'
    /** Load balancers before this port, which must send a PROXY protocol header. */
    readonly trustedProxies?: readonly string[]
    readonly users?: readonly {
      readonly name: string
    }[]
    readonly clientAuthorityPem?: string
    readonly certificate?: {
      readonly certPem: string
    }
    /** The resources file names an authority whose certificates must be shown. */
    readonly clientCertificates?: 'required'
    /** The resources file asks for a sign-in. */
    readonly oidc?: 'required'
    /** declared: the resources file has it, which alone can change it. */
    readonly origin: 'declared' | 'managed'
    /** Failed: not open at the relay that answers; statusMessage says why. */
    readonly provisioningState: 'Succeeded' | 'Failed'
    readonly statusMessage?: string
    /** The port that is open at the relay that answers: another one than port where that is 0. */
    readonly boundPort?: number
    readonly createdAt?: string
    readonly updatedAt?: string
  }
}

export interface AppServicePlansGetReply {
  readonly id: string
  readonly name: string
  readonly type: 'Microsoft.Web/serverfarms'
  readonly kind: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
  readonly properties: {
    readonly name: string
    readonly status: 'Ready'
    readonly provisioningState: 'Succeeded'
    readonly subscription: string
    readonly resourceGroup: string
    readonly geoRegion: string
    readonly numberOfSites: number
    readonly numberOfWorkers: number
    readonly reserved: boolean
  }
  readonly sku: {
    readonly name: string
    readonly tier: string
    readonly size: string
    readonly family: string
    readonly capacity: number
  }
}

export interface AppServicePlansGetHybridConnectionReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly location: string
  readonly properties: {
    readonly serviceBusNamespace: string
    readonly serviceBusSuffix: string
    readonly relayName: string
    readonly relayArmUri: string
    readonly hostname: string
    readonly port: number
    readonly sendKeyName: string
    readonly sendKeyValue: ''
    /** Connected: at least one listener is registered. Ours. */
    readonly status: 'Connected' | 'NotConnected'
    /** What Hybrid Connection Managers say of it. Ours. */
    readonly target: 'Reachable' | 'Unreachable' | 'Unknown'
    /** Ours. */
    readonly listenerCount: number
    /** Hybrid Connection Managers that report this one. Ours. */
    readonly hcmCount: number
    /** What may be wrong with it, for people. Ours. */
    readonly warning?: string
  }
}

export interface AppServicePlansGetHybridConnectionPlanLimitReply {
  readonly id: string
  readonly name: 'limit'
  readonly type: 'Microsoft.Web/serverfarms/hybridConnectionPlanLimits'
  readonly properties: {
    readonly current: number
    readonly maximum: number
  }
}

export interface WebAppsGetReply {
  readonly id: string
  readonly name: string
  readonly type: 'Microsoft.Web/sites' | 'Microsoft.Web/sites/slots'
  readonly kind: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
  readonly identity?: {
    readonly type: 'SystemAssigned'
    readonly principalId: string
    readonly tenantId: string
  }
  readonly properties: {
    readonly name: string
    readonly state: 'Running'
    readonly enabled: true
    readonly usageState: 'Normal'
    readonly availabilityState: 'Normal'
    readonly provisioningState: 'Succeeded'
    readonly serverFarmId: string
    readonly resourceGroup: string
    readonly repositorySiteName: string
    readonly defaultHostName: string
    readonly hostNames: readonly string[]
    readonly enabledHostNames: readonly string[]
    readonly hostNameSslStates: readonly unknown[]
    readonly reserved: boolean
    readonly lastModifiedTimeUtc: string
  }
}

export interface WebAppsListHybridConnectionsReply {
  readonly value: readonly ({
    readonly id: string
    readonly name: string
    readonly type: string
    readonly location: string
    readonly properties: {
      readonly serviceBusNamespace: string
      readonly serviceBusSuffix: string
      readonly relayName: string
      readonly relayArmUri: string
      readonly hostname: string
      readonly port: number
      readonly sendKeyName: string
      readonly sendKeyValue: ''
      /** Connected: at least one listener is registered. Ours. */
      readonly status: 'Connected' | 'NotConnected'
      /** What Hybrid Connection Managers say of it. Ours. */
      readonly target: 'Reachable' | 'Unreachable' | 'Unknown'
      /** Ours. */
      readonly listenerCount: number
      /** Hybrid Connection Managers that report this one. Ours. */
      readonly hcmCount: number
      /** What may be wrong with it, for people. Ours. */
      readonly warning?: string
    }
  })[]
  readonly nextLink: null
  readonly id: null
}

export interface WebAppsListConnectorCredentialsReply {
  readonly value: readonly {
    readonly credentialId: string
    readonly displayName: string
    readonly createdOn: string
    readonly expiresOn?: string
  }[]
  readonly nextLink?: string | null
}

export interface AppsGetOwnHybridConnectionsReply {
  /** The same as the ETag and the id of the event */
  readonly revision: string
  readonly app: {
    readonly id: string
    readonly name: string
    readonly slot?: string
  }
  readonly value: readonly {
    readonly id: string
    readonly namespace: string
    readonly name: string
    readonly endpoint: {
      readonly host: string
      readonly port: number
    }
    /** wss://host[:port] */
    readonly dataDoor: string
    readonly connectionString: string
  }[]
}

export interface WebAppsListRelayServiceConnectionsReply {
  readonly value: readonly unknown[]
  readonly nextLink: null
  readonly id: null
}

export interface MeGetReply {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly clientId?: string
  readonly tenantId: string
  readonly groups: readonly string[]
  readonly expiresOn?: string
  readonly roleAssignments: readonly {
    readonly id: string
    readonly roleName: string
    readonly scope: string
  }[]
}

export interface PrincipalsGetReply {
  readonly id: string
  readonly name: string
  readonly type: 'Postern.Management/principals'
  readonly properties: {
    readonly principalId: string
    readonly clientId: string
    readonly kind: 'ServicePrincipal' | 'User' | 'App' | 'Hcm'
    readonly displayName: string
    readonly signInName?: string
    readonly enabled: boolean
    readonly createdOn: string
    readonly updatedOn: string
    readonly credentials: readonly ({
      readonly id: string
      readonly kind: 'Secret' | 'Key'
      readonly displayName: string
      readonly thumbprint?: string
      readonly createdOn: string
      readonly expiresOn?: string
    })[]
  }
}

export interface SigningKeysListReply {
  readonly value: readonly {
    readonly id: string
    readonly createdOn: string
    readonly isCurrent: boolean
  }[]
}

export interface UsageGetReply {
  readonly id: string
  readonly name: string
  readonly type: 'Postern.Management/usage'
  readonly properties: {
    readonly month: string
    /** Hours of all listeners together; each listener of each hybrid connection counts */
    readonly listenerHours: number
    /** Most listeners at once, as billed: hybrid connections times HCMs */
    readonly listeners: number
    readonly bytes: number
    readonly connections: number
    readonly hybridConnections: readonly {
      readonly name: string
      /** Hours of all listeners together; each listener of each hybrid connection counts */
      readonly listenerHours: number
      /** Most listeners at once, as billed: hybrid connections times HCMs */
      readonly listeners: number
      readonly bytes: number
      readonly connections: number
    }[]
    readonly updatedAt?: string
  }
}

export interface HcmsGetSelfReply {
  readonly hcmId: string
  readonly name: string
  readonly heartbeatSeconds: number
  readonly hybridConnections: readonly {
    readonly id: string
    readonly namespace: string
    readonly name: string
    readonly serviceBusEndpoint: string
    readonly userMetadata?: string
    readonly endpoint?: string
  }[]
}

export interface HcmsGetReply {
  readonly id: string
  readonly name: string
  readonly type: 'Postern.Management/hcms'
  readonly properties: {
    readonly hcmId: string
    readonly displayName: string
    readonly principalId: string
    readonly status: 'Online' | 'Offline' | 'NeverSeen'
    readonly version?: string
    readonly address?: string
    readonly lastSeenAt?: string
    readonly createdOn: string
    readonly hybridConnections: readonly ({
      readonly id: string
      readonly namespace: string
      readonly name: string
      readonly serviceBusEndpoint: string
      readonly userMetadata?: string
      readonly endpoint?: string
      readonly target: 'Reachable' | 'Unreachable' | 'Unknown'
      readonly lastError?: string
      readonly since?: string
    })[]
  }
}

export interface RoleDefinitionsGetReply {
  readonly id: string
  readonly name: string
  readonly type: 'Microsoft.Authorization/roleDefinitions'
  readonly properties: {
    readonly roleName: string
    readonly type: 'BuiltInRole' | 'CustomRole'
    readonly description: string
    readonly assignableScopes: readonly string[]
    readonly permissions: readonly {
      readonly actions: readonly string[]
      readonly notActions: readonly string[]
      readonly dataActions?: readonly string[]
      readonly notDataActions?: readonly string[]
    }[]
    readonly createdOn: string | null
    readonly updatedOn: string | null
    readonly createdBy: string | null
    readonly updatedBy: string | null
  }
}

export interface RoleAssignmentsGetReply {
  readonly id: string
  readonly name: string
  readonly type: 'Microsoft.Authorization/roleAssignments'
  readonly properties: {
    readonly roleDefinitionId: string
    readonly principalId: string
    readonly principalType?: 'User' | 'Group' | 'ServicePrincipal'
    readonly scope: string
    readonly description?: string | null
    readonly condition?: null
    readonly conditionVersion?: null
    readonly createdOn: string | null
    readonly updatedOn: string | null
    readonly createdBy: string | null
    readonly updatedBy: string | null
  }
}

export interface NamespacesCheckNameAvailabilityReply {
  readonly nameAvailable: boolean
  readonly reason: string
  readonly message: string | null
}

export interface NamespacesListKeysReply {
  readonly primaryConnectionString: string
  readonly secondaryConnectionString: string
  readonly primaryKey: string
  readonly secondaryKey: string
  readonly keyName: string
}

export interface WebSitesCheckNameAvailabilityReply {
  readonly nameAvailable: boolean
  readonly reason: '' | 'AlreadyExists' | 'Invalid'
  readonly message: string
}

export interface AppServicePlansListHybridConnectionKeysReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly properties: {
    readonly sendKeyName: string
    readonly sendKeyValue: string
  }
}

export interface AppServicePlansListGatewayKeysReply {
  readonly keyName: string
  readonly gatewayConnectionString: string
}

export interface WebAppsCreateConnectorCredentialReply {
  readonly credentialId: string
  readonly tenantId: string
  readonly clientId: string
  readonly principalId: string
  readonly clientSecret: string
  readonly tokenEndpoint: string
  readonly scope: string
}

export interface PrincipalsAddCredentialReply {
  readonly credentialId?: string
  readonly clientId: string
  readonly secret?: string
}

export interface SigningKeysRotateReply {
  readonly id: string
}

export interface HcmsEnrolReply {
  readonly hcmId: string
  readonly name: string
  readonly principalId: string
  readonly clientId: string
  readonly tenantId: string
  readonly tokenEndpoint: string
  readonly scopes: {
    readonly management: string
    readonly relay: string
  }
  readonly heartbeatSeconds: number
  readonly hybridConnections: readonly {
    readonly id: string
    readonly namespace: string
    readonly name: string
    readonly serviceBusEndpoint: string
    readonly userMetadata?: string
    readonly endpoint?: string
  }[]
}

export interface HcmEnrolmentsCreateReply {
  readonly id: string
  readonly name: string
  readonly type: 'Postern.Management/hcmEnrolments'
  readonly properties: {
    readonly hybridConnections: readonly string[]
    readonly createdBy: string
    readonly createdOn: string
    readonly expiresOn: string
    readonly token?: string
  }
}

export interface TenantsListItem {
  readonly id: string
  readonly tenantId: string
  readonly displayName: string
}

export interface SubscriptionsListLocationsItem {
  readonly id: string
  readonly name: string
  readonly displayName: string
}

export interface ResourcesListItem {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
}

export interface RelayOperationsListItem {
  readonly name: string
  readonly isDataAction: boolean
  readonly display: {
    readonly provider: string
    readonly resource: string
    readonly operation: string
  }
}

export interface WcfRelaysListByNamespaceItem {
  readonly id: string
  readonly name: string
  readonly type: string
}

export interface WcfRelaysListAuthorizationRulesItem {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly properties: {
    readonly rights: readonly ('Listen' | 'Send' | 'Manage')[]
  }
}

export interface ActivityLogsListItem {
  readonly authorization: {
    readonly action: string
    readonly scope: string
    readonly role?: string
  }
  readonly caller: string
  readonly category: {
    readonly value: string
    readonly localizedValue: string
  }
  /** Who it was; the other claims of the token are not kept */
  readonly claims: Readonly<Record<string, string>>
  readonly correlationId: string
  readonly description: string
  readonly eventDataId: string
  readonly eventName: {
    readonly value: string
    readonly localizedValue: string
  }
  readonly eventTimestamp: string
  readonly httpRequest: {
    readonly clientRequestId: string
    readonly clientIpAddress: string
    readonly method: string
  }
  readonly id: string
  readonly level: 'Informational' | 'Error'
  readonly operationId: string
  readonly operationName: {
    readonly value: string
    readonly localizedValue: string
  }
  readonly properties: Readonly<Record<string, string>>
  readonly resourceGroupName: string
  readonly resourceId: string
  readonly resourceProviderName: {
    readonly value: string
    readonly localizedValue: string
  }
  readonly resourceType: {
    readonly value: string
    readonly localizedValue: string
  }
  readonly status: {
    readonly value: string
    readonly localizedValue: string
  }
  readonly subStatus: {
    readonly value: string
    readonly localizedValue: string
  }
  readonly submissionTimestamp: string
  readonly subscriptionId: string
  readonly tenantId: string
}

export interface AuditListItem {
  readonly sequence: number
  readonly hash: string
  readonly at: string
  readonly kind: 'management' | 'decision' | 'stream' | 'signIn' | 'audit'
  readonly trackingId: string
  readonly principal: string
  readonly action: string
  readonly scope: string
  readonly result: 'allowed' | 'refused' | 'succeeded' | 'failed'
  readonly reason?: string
  readonly source: string
  readonly status?: number
  readonly stream?: {
    readonly listener: string
    readonly target?: string
    readonly bytesFromSender: number
    readonly bytesFromListener: number
    readonly durationMs: number
    readonly closeReason: string
  }
  readonly call?: {
    readonly method: string
    readonly correlationId?: string
    readonly clientRequestId?: string
  }
}

export interface PermissionsListItem {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions?: readonly string[]
  readonly notDataActions?: readonly string[]
}

export interface ResourceGroupsCreateOrUpdateBody {
  readonly location: string
  readonly tags?: Readonly<Record<string, string>> | null
}

export interface ResourceGroupsUpdateBody {
  readonly tags?: Readonly<Record<string, string>> | null
}

export interface NamespacesCheckNameAvailabilityBody {
  readonly name: string
}

export interface NamespacesCreateOrUpdateBody {
  readonly location: string
  readonly tags?: Readonly<Record<string, string>> | null
  readonly sku?: {
    readonly name?: 'Standard' | null
    readonly tier?: 'Standard' | null
  } | null
  readonly properties?: {
    readonly publicNetworkAccess?: 'Enabled' | 'Disabled' | 'SecuredByPerimeter' | null
    /** Of the whole relay, which its options set: only what it demands already is taken. */
    readonly minimumTlsVersion?: '1.2' | '1.3' | null
  } | null
}

export interface NamespacesUpdateBody {
  readonly tags?: Readonly<Record<string, string>> | null
  readonly sku?: {
    readonly name?: 'Standard' | null
    readonly tier?: 'Standard' | null
  } | null
  readonly properties?: {
    readonly publicNetworkAccess?: 'Enabled' | 'Disabled' | 'SecuredByPerimeter' | null
    /** Of the whole relay, which its options set: only what it demands already is taken. */
    readonly minimumTlsVersion?: '1.2' | '1.3' | null
  } | null
}

export interface HybridConnectionsCreateOrUpdateBody {
  readonly properties?: {
    /** False lets senders in without a token. True when left out of a PUT. */
    readonly requiresClientAuthorization?: boolean | null
    /** Any text of at most 1,024 characters; an `endpoint` entry is where the listener connects to. */
    readonly userMetadata?: string | null
    /** Control channels at once; null for the relay's own limit. Not in Azure. */
    readonly maxListeners?: number | null
    /** How long a listener may take to begin an HTTP response; null for the limit of the relay. Not in Azure. */
    readonly httpResponseTimeoutMs?: number | null
    /** What senders and subscribers may do; null for connect and request. send, publish and subscribe are for messages. Not in Azure. */
    readonly actions?: readonly ('connect' | 'request' | 'send' | 'publish' | 'subscribe')[] | null
  } | null
}

export interface HybridConnectionsUpdateBody {
  readonly properties?: {
    /** False lets senders in without a token. True when left out of a PUT. */
    readonly requiresClientAuthorization?: boolean | null
    /** Any text of at most 1,024 characters; an `endpoint` entry is where the listener connects to. */
    readonly userMetadata?: string | null
    /** Control channels at once; null for the relay's own limit. Not in Azure. */
    readonly maxListeners?: number | null
    /** How long a listener may take to begin an HTTP response; null for the limit of the relay. Not in Azure. */
    readonly httpResponseTimeoutMs?: number | null
    /** What senders and subscribers may do; null for connect and request. send, publish and subscribe are for messages. Not in Azure. */
    readonly actions?: readonly ('connect' | 'request' | 'send' | 'publish' | 'subscribe')[] | null
    /** `host:port` to put into userMetadata, whose other entries stay; null takes it out. */
    readonly endpoint?: string | null
  } | null
}

export interface NamespacesCreateOrUpdateAuthorizationRuleBody {
  readonly properties: {
    readonly rights: readonly ('Listen' | 'Send' | 'Manage')[]
  }
}

export interface NamespacesRegenerateKeysBody {
  /** PrimaryKey or SecondaryKey. */
  readonly keyType: string
  /** Key of your own: 1 to 256 printable ASCII characters without spaces and ";". Made when left out. */
  readonly key?: string | null
}

export interface NamespacesCreateOrUpdateNetworkRuleSetBody {
  readonly properties?: {
    /** For listeners and senders that no rule names; Allow when left out. */
    readonly defaultAction?: 'Allow' | 'Deny' | null
    /** One activity at a time, before `defaultAction`. Management is Allow unless it stands here. Stays when left out. Not in Azure. */
    readonly defaultActions?: {
      readonly listen?: 'Allow' | 'Deny' | null
      readonly send?: 'Allow' | 'Deny' | null
      readonly manage?: 'Allow' | 'Deny' | null
    } | null
    readonly publicNetworkAccess?: 'Enabled' | 'Disabled' | 'SecuredByPerimeter' | null
    /** Kept; nothing is trusted for it. */
    readonly trustedServiceAccessEnabled?: boolean | null
    readonly ipRules?: readonly ({
      /** 192.0.2.7, 10.0.0.0/8 or fd00::/8. */
      readonly ipMask: string
      readonly action?: 'Allow' | null
      /** What the rule lets in for; null for all. Stays when left out of a rule that is there already. Not in Azure. */
      readonly appliesTo?: readonly ('listen' | 'send' | 'manage')[] | null
    })[] | null
  } | null
}

export interface PrivateEndpointConnectionsCreateOrUpdateBody {
  readonly properties?: {
    readonly privateEndpoint?: {
      readonly id?: string | null
    } | null
    readonly privateLinkServiceConnectionState?: {
      readonly status?: 'Pending' | 'Approved' | 'Rejected' | 'Disconnected' | null
      readonly description?: string | null
    } | null
  } | null
}

export interface IngressCreateOrUpdateBody {
  readonly properties: {
    /** Where it leads to. */
    readonly hybridConnection: string
    /** tcp when left out. */
    readonly protocol?: 'tcp' | 'udp'
    /** Address to bind; all of the machine when left out. */
    readonly address?: string
    /** The public port; 0 for any that is free. */
    readonly port: number
    /** TLS server names that go this way; other entries may share the port. */
    readonly sni?: readonly string[]
    /** HTTP hosts that go this way; other entries may share the port. */
    readonly hosts?: readonly string[]
    /** terminate: TLS ends at the relay, with its certificates. pass, when left out: bytes go through as they come. */
    readonly tls?: 'pass' | 'terminate'
    /** What listeners expect that are none of ours: bare bytes (when left out), or azbridge. */
    readonly framing?: 'raw' | 'azbridge'
    /** What a listener of ours is asked for, among what it permits. */
    readonly target?: string
    /** What azbridge's preamble asks for; the port when left out. */
    readonly portName?: string
    /** Lets everybody in. Without it an entry needs a guard. */
    readonly access?: 'open'
    /** Addresses and networks that may come. */
    readonly allow?: readonly string[]
    /** Connections at once; 10000 when left out. */
    readonly maxConnections?: number
    /** The same of one source address; 1000 when left out. */
    readonly maxConnectionsPerSource?: number
    /** New connections a second of one source address; 200 when left out. */
    readonly connectionsPerSecondPerSource?: number
    /** Tells the target who the client is, by a PROXY protocol header before all bytes, or before each datagram. */
    readonly proxyProtocol?: 'v2'
    /** Load balancers before this port, which must send a PROXY protocol header. */
    readonly trustedProxies?: readonly string[]
    /** Who may pass with a password (HTTP basic); needs hosts. */
    readonly users?: readonly {
      /** Who signs in. */
      readonly name: string
      /** What `postern ingress password` prints; when left out, the one that the user has. */
      readonly passwordHash?: string
    }[]
    /** Refused: files of the machine are for the resources file. */
    readonly clientCertificates?: string
    /** Authority whose client certificates may pass; needs tls: terminate. */
    readonly clientAuthorityPem?: string
    /** Needed for tls: terminate: the relay's own certificates are not shown. */
    readonly certificate?: {
      /** Chain, the certificate of the names first. */
      readonly certPem: string
      /** Its private key; when left out, the one that is there. */
      readonly keyPem?: string
    }
    /** Of answers; ignored. */
    readonly origin?: unknown
    /** Of answers; ignored. */
    readonly provisioningState?: unknown
    /** Of answers; ignored. */
    readonly statusMessage?: unknown
    /** Of answers; ignored. */
    readonly boundPort?: unknown
    /** Of answers; ignored. */
    readonly createdAt?: unknown
    /** Of answers; ignored. */
    readonly updatedAt?: unknown
  }
}

export interface WebSitesCheckNameAvailabilityBody {
  readonly name: string
  readonly type?: string | null
}

export interface AppServicePlansCreateOrUpdateBody {
  readonly location: string
  readonly kind?: string | null
  readonly tags?: Readonly<Record<string, string>> | null
  readonly sku?: {
    readonly name?: string | null
    readonly tier?: string | null
    readonly capacity?: number | null
  } | null
  readonly properties?: {
    readonly reserved?: boolean | null
  } | null
}

export interface AppServicePlansUpdateBody {
  readonly location?: string
  readonly kind?: string | null
  readonly tags?: Readonly<Record<string, string>> | null
  readonly sku?: {
    readonly name?: string | null
    readonly tier?: string | null
    readonly capacity?: number | null
  } | null
  readonly properties?: {
    readonly reserved?: boolean | null
  } | null
}

export interface WebAppsCreateOrUpdateBody {
  readonly location: string
  readonly kind?: string | null
  readonly tags?: Readonly<Record<string, string>> | null
  readonly identity?: {
    readonly type: string
  } | null
  readonly properties?: {
    readonly serverFarmId?: string | null
  } | null
}

export interface WebAppsUpdateBody {
  readonly location?: string
  readonly kind?: string | null
  readonly tags?: Readonly<Record<string, string>> | null
  readonly identity?: {
    readonly type: string
  } | null
  readonly properties?: {
    readonly serverFarmId?: string | null
  } | null
}

export interface WebAppsCreateOrUpdateHybridConnectionBody {
  readonly properties: {
    readonly serviceBusNamespace?: string | null
    readonly relayName?: string | null
    readonly relayArmUri?: string | null
    readonly hostname?: string | null
    readonly port?: number | string | null
    readonly sendKeyName?: string | null
    readonly sendKeyValue?: string | null
  }
}

export interface WebAppsCreateConnectorCredentialBody {
  readonly displayName?: string | null
}

export interface PrincipalsCreateBody {
  readonly properties: {
    readonly kind: 'ServicePrincipal' | 'User'
    readonly displayName: string
    readonly signInName?: string | null
  }
}

export interface PrincipalsUpdateBody {
  readonly properties: {
    readonly displayName?: string | null
    readonly enabled?: boolean | null
  }
}

export interface PrincipalsAddCredentialBody {
  readonly kind: 'secret' | 'certificate' | 'password'
  readonly displayName?: string | null
  readonly expiresOn?: string | null
  readonly certificate?: string | null
  readonly password?: string | null
}

export interface SigningKeysRotateBody {
  readonly revoke?: boolean | null
}

export interface HcmsEnrolBody {
  readonly token: string
  readonly name: string
  readonly version: string
  readonly publicKey: string
}

export interface HcmsReportBody {
  readonly version: string
  readonly entities: readonly ({
    readonly namespace: string
    readonly name: string
    readonly target: 'Reachable' | 'Unreachable' | 'Unknown'
    readonly lastError?: string | null
  })[]
}

export interface HcmsCreateBody {
  readonly properties: {
    readonly displayName: string
    readonly version?: string | null
    readonly publicKey: string
    readonly hybridConnections: readonly string[]
  }
}

export interface HcmsAddHybridConnectionBody {
  readonly hybridConnectionId: string
}

export interface HcmEnrolmentsCreateBody {
  readonly properties: {
    readonly hybridConnections: readonly string[]
    readonly expiresInSeconds?: number | null
  }
}

export interface RoleDefinitionsCreateOrUpdateBody {
  readonly properties: {
    readonly roleName: string
    readonly type?: string | null
    readonly description?: string | null
    readonly permissions: readonly ({
      readonly actions?: readonly string[] | null
      readonly notActions?: readonly string[] | null
      readonly dataActions?: readonly string[] | null
      readonly notDataActions?: readonly string[] | null
    })[]
    readonly assignableScopes: readonly string[]
  }
}

export interface RoleAssignmentsCreateBody {
  readonly properties: {
    readonly roleDefinitionId: string
    readonly principalId: string
    readonly principalType?: string | null
    readonly description?: string | null
    readonly condition?: string | null
  }
}
