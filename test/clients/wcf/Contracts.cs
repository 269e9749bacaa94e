using System.ServiceModel;
using System.ServiceModel.Web;

/// <summary>Request/reply and one-way; any binding carries it.</summary>
[ServiceContract]
public interface ICalls
{
    [OperationContract]
    [WebGet(UriTemplate = "echo/{text}", ResponseFormat = WebMessageFormat.Json)]
    string Echo(string text);

    /// <summary>Always answers with a SOAP fault.</summary>
    [OperationContract]
    [FaultContract(typeof(string))]
    string Fail(string text);

    [OperationContract(IsOneWay = true)]
    void Note(string text);
}

/// <summary>What the caller of a duplex service is told.</summary>
public interface ITicker
{
    [OperationContract(IsOneWay = true)]
    void Tick(string text);
}

/// <summary>The same and callbacks, which need a binding with a session.</summary>
[ServiceContract(CallbackContract = typeof(ITicker))]
public interface IDuplexCalls : ICalls
{
    /// <summary>Calls the caller back this many times before it returns.</summary>
    [OperationContract]
    int Watch(int ticks);
}

/// <summary>Nothing but one-way messages: may be sent to one receiver or published to all.</summary>
[ServiceContract]
public interface INotes
{
    [OperationContract(IsOneWay = true)]
    void Note(string text);
}
