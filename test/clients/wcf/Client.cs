using System;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Web;

/// <summary>Client.exe BINDING ADDRESS CALL=ARGUMENT...: calls of one stock WCF channel; prints what comes back, a line each.</summary>
public class Client : ITicker
{
    public void Tick(string text)
    {
        Console.WriteLine("tick " + text);
    }

    public static void Main(string[] args)
    {
        var channel = Open(args[0], args[1]);
        for (var i = 2; i < args.Length; i++)
        {
            var call = args[i].Split(new[] { '=' }, 2);
            try
            {
                Call(channel, call[0], call[1]);
            }
            catch (FaultException<string> fault)
            {
                Console.WriteLine("fault: " + fault.Message + " (" + fault.Detail + ")");
            }
            catch (Exception error)
            {
                Console.WriteLine(error.GetType().Name + ": " + error.Message);
            }
        }
        // Close of Mono's duplex channel waits for ever, although the service ends the connection.
        if (channel is IDuplexCalls) ((IClientChannel)channel).Abort();
        else ((IClientChannel)channel).Close();
        // A thread of that channel would keep the process.
        Environment.Exit(0);
    }

    static object Open(string name, string address)
    {
        var binding = Bindings.Named(name);
        if (binding is WebHttpBinding) return new WebChannelFactory<ICalls>(binding, new Uri(address)).CreateChannel();
        var endpoint = new EndpointAddress(address);
        var contract = Bindings.Contract(name);
        if (contract == typeof(IDuplexCalls))
            return new DuplexChannelFactory<IDuplexCalls>(new Client(), binding, endpoint).CreateChannel();
        if (contract == typeof(INotes)) return new ChannelFactory<INotes>(binding, endpoint).CreateChannel();
        return new ChannelFactory<ICalls>(binding, endpoint).CreateChannel();
    }

    static void Call(object channel, string call, string argument)
    {
        switch (call)
        {
            case "echo": Console.WriteLine(((ICalls)channel).Echo(argument)); break;
            // So many characters there and back.
            case "size": Console.WriteLine(((ICalls)channel).Echo(new string('x', int.Parse(argument))).Length); break;
            case "fail": ((ICalls)channel).Fail(argument); break;
            case "note":
                if (channel is INotes) ((INotes)channel).Note(argument);
                else ((ICalls)channel).Note(argument);
                break;
            // The following calls have a token in a SOAP header.
            case "token":
                OperationContext.Current = new OperationContext((IContextChannel)channel);
                OperationContext.Current.OutgoingMessageHeaders.Add(new RelayAccessToken(argument));
                break;
            case "watch": Console.WriteLine("watched " + ((IDuplexCalls)channel).Watch(int.Parse(argument))); break;
            default: throw new ArgumentException("no call " + call);
        }
    }
}
