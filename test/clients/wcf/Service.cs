using System;
using System.ServiceModel;

/// <summary>Service.exe NAME BINDING ADDRESS LISTEN-URI: a stock WCF service; prints the notes it gets; ends with its input.</summary>
public class Service : IDuplexCalls, INotes
{
    static string name;

    public string Echo(string text)
    {
        return name + ":" + text;
    }

    public string Fail(string text)
    {
        throw new FaultException<string>("detail of " + text, name + " refuses " + text);
    }

    public void Note(string text)
    {
        Console.WriteLine("note " + text);
    }

    public int Watch(int ticks)
    {
        var ticker = OperationContext.Current.GetCallbackChannel<ITicker>();
        for (var i = 1; i <= ticks; i++) ticker.Tick(name + ":" + i);
        return ticks;
    }

    public static void Main(string[] args)
    {
        name = args[0];
        var host = new ServiceHost(typeof(Service));
        // The address is what clients dial; it may differ from where the service listens.
        host.AddServiceEndpoint(Bindings.Contract(args[1]), Bindings.Named(args[1]), args[2], new Uri(args[3]));
        Bindings.Prepare(host.Description.Endpoints[0]);
        host.Open();
        Console.WriteLine("ready");
        Console.In.ReadToEnd();
        Environment.Exit(0);
    }
}
