using System;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Description;

/// <summary>The stock bindings by the names that the tests use; service and client must choose the same one.</summary>
public static class Bindings
{
    const int Large = 8 * 1024 * 1024;

    public static Binding Named(string name)
    {
        switch (name)
        {
            case "tcp":
            case "duplex":
                var tcp = new NetTcpBinding(SecurityMode.None) { MaxReceivedMessageSize = Large };
                tcp.ReaderQuotas.MaxStringContentLength = Large;
                return tcp;
            case "basic":
            case "notes": return new BasicHttpBinding();
            case "basic-tls": return new BasicHttpBinding(BasicHttpSecurityMode.Transport);
            case "web": return new WebHttpBinding();
            case "ws2007": return new WS2007HttpBinding(SecurityMode.None);
            default: throw new ArgumentException("no binding " + name);
        }
    }

    public static Type Contract(string name)
    {
        return name == "duplex" ? typeof(IDuplexCalls) : name == "notes" ? typeof(INotes) : typeof(ICalls);
    }

    public static void Prepare(ServiceEndpoint endpoint)
    {
        if (endpoint.Binding is WebHttpBinding) endpoint.Behaviors.Add(new WebHttpBehavior());
    }
}
