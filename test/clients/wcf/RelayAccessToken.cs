using System;
using System.ServiceModel.Channels;
using System.Text;
using System.Xml;

/// <summary>The SOAP header in which clients of HTTP relay bindings carry their token.</summary>
public class RelayAccessToken : MessageHeader
{
    const string Security = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    const string Utility = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

    readonly string token;

    public RelayAccessToken(string token)
    {
        this.token = token;
    }

    public override string Name
    {
        get { return "RelayAccessToken"; }
    }

    public override string Namespace
    {
        get { return "http://schemas.microsoft.com/netservices/2009/05/servicebus/connect"; }
    }

    protected override void OnWriteHeaderContents(XmlDictionaryWriter writer, MessageVersion version)
    {
        writer.WriteStartElement("wsse", "BinarySecurityToken", Security);
        writer.WriteAttributeString("wsu", "Id", Utility, "uuid:" + Guid.NewGuid());
        writer.WriteAttributeString("ValueType", "http://schemas.xmlsoap.org/ws/2009/11/swt-token-profile-1.0");
        writer.WriteAttributeString("EncodingType", Security.Replace("wssecurity-secext-1.0.xsd", "soap-message-security-1.0#Base64Binary"));
        writer.WriteString(Convert.ToBase64String(Encoding.UTF8.GetBytes(token)));
        writer.WriteEndElement();
    }
}
