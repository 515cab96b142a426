package signature

// Requests as the official clients sent them, with clock and nonce fixed: Alibaba Cloud's darabonba-openapi
// v2.2.2 for Go, @alicloud/pop-core 1.8.0, and the fixed examples of the signature documentation. Signatures
// are the clients' own.

const vectorSecret = "vector-Secret_0123456789abcdef"

// vector is one signed request. The key is vectorSecret unless secret is set.
type vector struct {
	name       string
	secret     string
	head, body string
	canonical  string
	toSign     string
	signature  string
}

var acs3Vectors = []vector{
	{
		name: "version 3, the documentation's example", secret: "YourAccessKeySecret",
		head: `POST /?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai HTTP/1.1
Authorization: ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0
Host: ecs.cn-shanghai.aliyuncs.com
x-acs-action: RunInstances
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-date: 2023-10-26T10:22:32Z
x-acs-signature-nonce: 3156853299f313e23d1673dc12e1703d
x-acs-version: 2014-05-26`,
		canonical: `POST
/
ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai
host:ecs.cn-shanghai.aliyuncs.com
x-acs-action:RunInstances
x-acs-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-date:2023-10-26T10:22:32Z
x-acs-signature-nonce:3156853299f313e23d1673dc12e1703d
x-acs-version:2014-05-26

host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`,
		toSign: `ACS3-HMAC-SHA256
7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259`,
		signature: "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
	},
	{
		name: "version 3, parameters in the query",
		head: `POST /?BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&GroupId=EA30d000001&List=%5B%7B%22ParticipantNumber%22%3A%228613800000001%22%7D%2C%7B%22ParticipantNumber%22%3A%228613800000002%22%7D%5D HTTP/1.1
Authorization: ACS3-HMAC-SHA256 Credential=LTAI5tVectorKeyExample01,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=2fa8e44c27df22d2db385a689542e7db6aff79edf3f7c26b2b056e8deab04e76
Host: cams.ap-southeast-1.aliyuncs.com
accept: application/json
x-acs-action: DeleteChatGroupParticipants
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: static_ak
x-acs-date: 2026-01-02T03:04:05Z
x-acs-signature-nonce: 0123456789abcdef0123456789abcdef
x-acs-version: 2020-06-06`,
		canonical: `POST
/
BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&GroupId=EA30d000001&List=%5B%7B%22ParticipantNumber%22%3A%228613800000001%22%7D%2C%7B%22ParticipantNumber%22%3A%228613800000002%22%7D%5D
host:cams.ap-southeast-1.aliyuncs.com
x-acs-action:DeleteChatGroupParticipants
x-acs-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider:static_ak
x-acs-date:2026-01-02T03:04:05Z
x-acs-signature-nonce:0123456789abcdef0123456789abcdef
x-acs-version:2020-06-06

host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`,
		toSign: `ACS3-HMAC-SHA256
466960bb85b828cebe4bd98ba8878ce230aab814271c5c9b8752f7dec5d15df2`,
		signature: "2fa8e44c27df22d2db385a689542e7db6aff79edf3f7c26b2b056e8deab04e76",
	},
	{
		name: "version 3, form body",
		head: `POST / HTTP/1.1
Authorization: ACS3-HMAC-SHA256 Credential=LTAI5tVectorKeyExample01,SignedHeaders=content-type;host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=d63ba875a9a37c143ac3f31f2f3332605c21a9bf6f1bd5088f5277ef6e97ba62
Host: cams.ap-southeast-1.aliyuncs.com
accept: application/json
content-type: application/x-www-form-urlencoded
x-acs-action: UpdateChatGroup
x-acs-content-sha256: 367c3a87c680eaa0f7af64290643c780e55257b1755837daae50d43863124885
x-acs-credentials-provider: static_ak
x-acs-date: 2026-01-02T03:04:05Z
x-acs-signature-nonce: 0123456789abcdef0123456789abcdef
x-acs-version: 2020-06-06`,
		body: `BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Description=&GroupId=EA30d000001&Subject=a+b%2A~%C3%A9%2F%E7%BE%A4`,
		canonical: `POST
/

content-type:application/x-www-form-urlencoded
host:cams.ap-southeast-1.aliyuncs.com
x-acs-action:UpdateChatGroup
x-acs-content-sha256:367c3a87c680eaa0f7af64290643c780e55257b1755837daae50d43863124885
x-acs-credentials-provider:static_ak
x-acs-date:2026-01-02T03:04:05Z
x-acs-signature-nonce:0123456789abcdef0123456789abcdef
x-acs-version:2020-06-06

content-type;host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version
367c3a87c680eaa0f7af64290643c780e55257b1755837daae50d43863124885`,
		toSign: `ACS3-HMAC-SHA256
fd3b1dde001f2c9e03905f8182abcba5c0cff7e3a4f6bf40103d1cfc1623b3be`,
		signature: "d63ba875a9a37c143ac3f31f2f3332605c21a9bf6f1bd5088f5277ef6e97ba62",
	},
	{
		name: "version 3, odd characters in the query",
		head: `POST /?BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Description=&GroupId=EA30d000001&Subject=a+b%2A~%C3%A9%2F%E7%BE%A4 HTTP/1.1
Authorization: ACS3-HMAC-SHA256 Credential=LTAI5tVectorKeyExample01,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=d71c8179141c7600634674ec68a201d8c08ab98a65a1ee8ab36a35d2fb185a58
Host: cams.ap-southeast-1.aliyuncs.com
accept: application/json
x-acs-action: UpdateChatGroup
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: static_ak
x-acs-date: 2026-01-02T03:04:05Z
x-acs-signature-nonce: 0123456789abcdef0123456789abcdef
x-acs-version: 2020-06-06`,
		canonical: `POST
/
BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Description=&GroupId=EA30d000001&Subject=a%20b%2A~%C3%A9%2F%E7%BE%A4
host:cams.ap-southeast-1.aliyuncs.com
x-acs-action:UpdateChatGroup
x-acs-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider:static_ak
x-acs-date:2026-01-02T03:04:05Z
x-acs-signature-nonce:0123456789abcdef0123456789abcdef
x-acs-version:2020-06-06

host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`,
		toSign: `ACS3-HMAC-SHA256
7f04f230a5cdb1c39decf35b772657a4c47f88ad8f976d29d01748eaea153d5b`,
		signature: "d71c8179141c7600634674ec68a201d8c08ab98a65a1ee8ab36a35d2fb185a58",
	},
	{
		name: "version 3, security token",
		head: `POST /?BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Page=%7B%22Index%22%3A1%2C%22Size%22%3A20%7D HTTP/1.1
Authorization: ACS3-HMAC-SHA256 Credential=STS.NUvectorKeyExample000001,SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version,Signature=196844fdc232afe3f0f141e47dcc8d48cb71a5130a8290c6d941b585cccfe0a1
Host: cams.ap-southeast-1.aliyuncs.com
accept: application/json
x-acs-accesskey-id: STS.NUvectorKeyExample000001
x-acs-action: ListChatGroup
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: static_sts
x-acs-date: 2026-01-02T03:04:05Z
x-acs-security-token: CAIS-vector/token+with=odd chars
x-acs-signature-nonce: 0123456789abcdef0123456789abcdef
x-acs-version: 2020-06-06`,
		canonical: `POST
/
BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Page=%7B%22Index%22%3A1%2C%22Size%22%3A20%7D
host:cams.ap-southeast-1.aliyuncs.com
x-acs-accesskey-id:STS.NUvectorKeyExample000001
x-acs-action:ListChatGroup
x-acs-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider:static_sts
x-acs-date:2026-01-02T03:04:05Z
x-acs-security-token:CAIS-vector/token+with=odd chars
x-acs-signature-nonce:0123456789abcdef0123456789abcdef
x-acs-version:2020-06-06

host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`,
		toSign: `ACS3-HMAC-SHA256
b0b4247c2467ffe5e188cd6e8fa7410065c23556b193fa36508a3448abf28e33`,
		signature: "196844fdc232afe3f0f141e47dcc8d48cb71a5130a8290c6d941b585cccfe0a1",
	},
	{
		name: "version 3, SM3",
		head: `POST /?BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Page=%7B%22Index%22%3A1%2C%22Size%22%3A20%7D HTTP/1.1
Authorization: ACS3-HMAC-SM3 Credential=LTAI5tVectorKeyExample01,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=86016f856fd35bc3373f960e109efb0100f46f05b913886070d6c0dd964b820e
Host: cams.ap-southeast-1.aliyuncs.com
accept: application/json
x-acs-action: ListChatGroup
x-acs-content-sha256: 1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b
x-acs-credentials-provider: static_ak
x-acs-date: 2026-01-02T03:04:05Z
x-acs-signature-nonce: 0123456789abcdef0123456789abcdef
x-acs-version: 2020-06-06`,
		canonical: `POST
/
BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Page=%7B%22Index%22%3A1%2C%22Size%22%3A20%7D
host:cams.ap-southeast-1.aliyuncs.com
x-acs-action:ListChatGroup
x-acs-content-sha256:1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b
x-acs-credentials-provider:static_ak
x-acs-date:2026-01-02T03:04:05Z
x-acs-signature-nonce:0123456789abcdef0123456789abcdef
x-acs-version:2020-06-06

host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version
1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b`,
		toSign: `ACS3-HMAC-SM3
872baefb8463b33b5be8c36acc129b8364e23069e8ee3c164a8b469d929b1fff`,
		signature: "86016f856fd35bc3373f960e109efb0100f46f05b913886070d6c0dd964b820e",
	},
}

var rpcVectors = []vector{
	{
		name: "RPC 1.0, the documentation's example", secret: "testsecret",
		head: `GET /?Timestamp=2016-02-23T12%3A46%3A24Z&Format=XML&AccessKeyId=testid&Action=DescribeRegions&SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&Version=2014-05-26&SignatureVersion=1.0&Signature=OLeaidS1JvxuMvnyHOwuJ%2BuX5qY%3D HTTP/1.1
Host: ecs.aliyuncs.com`,
		toSign:    `GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1.0%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26`,
		signature: "OLeaidS1JvxuMvnyHOwuJ+uX5qY=",
	},
	{
		name: "RPC 1.0, GET",
		head: `GET /?AccessKeyId=LTAI5tVectorKeyExample01&Action=DeleteChatGroupParticipants&BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Format=json&GroupId=EA30d000001&List=%5B%7B%22ParticipantNumber%22%3A%228613800000001%22%7D%2C%7B%22ParticipantNumber%22%3A%228613800000002%22%7D%5D&Signature=wy9j40eN6JEjHiJ308m4SyWFl9g%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=0123456789abcdef0123456789abcdef&SignatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2020-06-06 HTTP/1.1
Host: cams.ap-southeast-1.aliyuncs.com
x-acs-action: DeleteChatGroupParticipants
x-acs-credentials-provider: static_ak
x-acs-version: 2020-06-06`,
		toSign:    `GET&%2F&AccessKeyId%3DLTAI5tVectorKeyExample01%26Action%3DDeleteChatGroupParticipants%26BusinessNumber%3D8613800000000%26CustSpaceId%3Dcams-8c8xxx%26Format%3Djson%26GroupId%3DEA30d000001%26List%3D%255B%257B%2522ParticipantNumber%2522%253A%25228613800000001%2522%257D%252C%257B%2522ParticipantNumber%2522%253A%25228613800000002%2522%257D%255D%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D0123456789abcdef0123456789abcdef%26SignatureVersion%3D1.0%26Timestamp%3D2026-01-02T03%253A04%253A05Z%26Version%3D2020-06-06`,
		signature: "wy9j40eN6JEjHiJ308m4SyWFl9g=",
	},
	{
		name: "RPC 1.0, query and form body",
		head: `POST /?AccessKeyId=LTAI5tVectorKeyExample01&Action=UpdateChatGroup&BusinessNumber=8613800000000&Format=json&Signature=3O5Lt7suDkobg5Bg%2F5OPQdYnoL4%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=0123456789abcdef0123456789abcdef&SignatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2020-06-06 HTTP/1.1
Host: cams.ap-southeast-1.aliyuncs.com
content-type: application/x-www-form-urlencoded
x-acs-action: UpdateChatGroup
x-acs-credentials-provider: static_ak
x-acs-version: 2020-06-06`,
		body:      `CustSpaceId=cams-8c8xxx&Description=&GroupId=EA30d000001&Subject=a+b%2A~%C3%A9%2F%E7%BE%A4`,
		toSign:    `POST&%2F&AccessKeyId%3DLTAI5tVectorKeyExample01%26Action%3DUpdateChatGroup%26BusinessNumber%3D8613800000000%26CustSpaceId%3Dcams-8c8xxx%26Description%3D%26Format%3Djson%26GroupId%3DEA30d000001%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D0123456789abcdef0123456789abcdef%26SignatureVersion%3D1.0%26Subject%3Da%2520b%252A~%25C3%25A9%252F%25E7%25BE%25A4%26Timestamp%3D2026-01-02T03%253A04%253A05Z%26Version%3D2020-06-06`,
		signature: "3O5Lt7suDkobg5Bg/5OPQdYnoL4=",
	},
	{
		name: "RPC 1.0, security token",
		head: `POST /?AccessKeyId=STS.NUvectorKeyExample000001&Action=ListChatGroup&BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Format=json&Page=%7B%22Index%22%3A1%2C%22Size%22%3A20%7D&SecurityToken=CAIS-vector%2Ftoken%2Bwith%3Dodd+chars&Signature=qOMF2MvFwXIzkOBYkn73245Musg%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=0123456789abcdef0123456789abcdef&SignatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2020-06-06 HTTP/1.1
Host: cams.ap-southeast-1.aliyuncs.com
x-acs-action: ListChatGroup
x-acs-credentials-provider: static_sts
x-acs-version: 2020-06-06`,
		toSign:    `POST&%2F&AccessKeyId%3DSTS.NUvectorKeyExample000001%26Action%3DListChatGroup%26BusinessNumber%3D8613800000000%26CustSpaceId%3Dcams-8c8xxx%26Format%3Djson%26Page%3D%257B%2522Index%2522%253A1%252C%2522Size%2522%253A20%257D%26SecurityToken%3DCAIS-vector%252Ftoken%252Bwith%253Dodd%2520chars%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D0123456789abcdef0123456789abcdef%26SignatureVersion%3D1.0%26Timestamp%3D2026-01-02T03%253A04%253A05Z%26Version%3D2020-06-06`,
		signature: "qOMF2MvFwXIzkOBYkn73245Musg=",
	},
	{
		name: "RPC 1.0, pop-core GET",
		head: `GET /?AccessKeyId=LTAI5tVectorKeyExample01&Action=DeleteChatGroupParticipants&BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Format=JSON&GroupId=EA30d000001&List=%5B%7B%22ParticipantNumber%22%3A%228613800000001%22%7D%2C%7B%22ParticipantNumber%22%3A%228613800000002%22%7D%5D&Signature=8W2sdXCu20oEYh3JOOJk1C1IMig%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=0123456789abcdef0123456789abcdef&SignatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2020-06-06 HTTP/1.1
Host: cams.ap-southeast-1.aliyuncs.com`,
		toSign:    `GET&%2F&AccessKeyId%3DLTAI5tVectorKeyExample01%26Action%3DDeleteChatGroupParticipants%26BusinessNumber%3D8613800000000%26CustSpaceId%3Dcams-8c8xxx%26Format%3DJSON%26GroupId%3DEA30d000001%26List%3D%255B%257B%2522ParticipantNumber%2522%253A%25228613800000001%2522%257D%252C%257B%2522ParticipantNumber%2522%253A%25228613800000002%2522%257D%255D%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D0123456789abcdef0123456789abcdef%26SignatureVersion%3D1.0%26Timestamp%3D2026-01-02T03%253A04%253A05Z%26Version%3D2020-06-06`,
		signature: "8W2sdXCu20oEYh3JOOJk1C1IMig=",
	},
	{
		name: "RPC 1.0, pop-core POST",
		head: `POST / HTTP/1.1
Host: cams.ap-southeast-1.aliyuncs.com
Content-Type: application/x-www-form-urlencoded`,
		body:      `AccessKeyId=LTAI5tVectorKeyExample01&Action=DeleteChatGroupParticipants&BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Format=JSON&GroupId=EA30d000001&List=%5B%7B%22ParticipantNumber%22%3A%228613800000001%22%7D%2C%7B%22ParticipantNumber%22%3A%228613800000002%22%7D%5D&Signature=4aLlh2PbK%2Fhszcs7wijdavrCsBA%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=0123456789abcdef0123456789abcdef&SignatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2020-06-06`,
		toSign:    `POST&%2F&AccessKeyId%3DLTAI5tVectorKeyExample01%26Action%3DDeleteChatGroupParticipants%26BusinessNumber%3D8613800000000%26CustSpaceId%3Dcams-8c8xxx%26Format%3DJSON%26GroupId%3DEA30d000001%26List%3D%255B%257B%2522ParticipantNumber%2522%253A%25228613800000001%2522%257D%252C%257B%2522ParticipantNumber%2522%253A%25228613800000002%2522%257D%255D%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D0123456789abcdef0123456789abcdef%26SignatureVersion%3D1.0%26Timestamp%3D2026-01-02T03%253A04%253A05Z%26Version%3D2020-06-06`,
		signature: "4aLlh2PbK/hszcs7wijdavrCsBA=",
	},
}

const bearerVector = `POST /?BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Page=%7B%22Index%22%3A1%2C%22Size%22%3A20%7D&SignatureType=BEARERTOKEN HTTP/1.1
Host: cams.ap-southeast-1.aliyuncs.com
accept: application/json
x-acs-action: ListChatGroup
x-acs-bearer-token: bearer-token-value
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: bearer
x-acs-date: 2026-01-02T03:04:05Z
x-acs-signature-nonce: 0123456789abcdef0123456789abcdef
x-acs-version: 2020-06-06
`
