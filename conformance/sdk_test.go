package conformance

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
)

// oldSDK is alibaba-cloud-sdk-go, the older SDK for Go, with its CommonRequest: the way to call an operation for which it
// has no generated code. The aliyun command-line tool stands on the same core.
type oldSDK struct {
	core   *sdk.Client
	to     target
	method string
}

func openSDK(method string) func(*testing.T, target) client {
	return func(t *testing.T, to target) client {
		t.Helper()
		config := sdk.NewConfig()
		if to.Authority != "" {
			trusted := x509.NewCertPool()
			trusted.AppendCertsFromPEM([]byte(to.Authority))
			config.HttpTransport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}
		}
		key := credentials.NewAccessKeyCredential(to.AccessKeyID, to.AccessKeySecret)
		var credential auth.Credential = key
		if to.SecurityToken != "" {
			credential = credentials.NewStsTokenCredential(to.AccessKeyID, to.AccessKeySecret, to.SecurityToken)
		}
		core, err := sdk.NewClientWithOptions("ap-southeast-1", config, credential)
		if err != nil {
			t.Fatal(err)
		}
		return oldSDK{core, to, method}
	}
}

func (c oldSDK) call(action string, parameters map[string]any) (answer, error) {
	written, err := texts(parameters)
	if err != nil {
		return answer{}, err
	}
	request := requests.NewCommonRequest()
	request.Method = c.method
	request.Scheme = c.to.Protocol
	request.Domain = c.to.Endpoint
	request.Product = product
	request.Version = c.to.version()
	request.ApiName = action
	if c.method == "POST" {
		request.FormParams = written
	} else {
		request.QueryParams = written
	}
	response, err := c.core.ProcessCommonRequest(request)
	if err != nil {
		return c.refused(err)
	}
	return answer{
		Status: response.GetHttpStatus(),
		Header: firsts(response.GetHttpHeaders()),
		Body:   json.RawMessage(response.GetHttpContentBytes()),
	}, nil
}

func (c oldSDK) refused(err error) (answer, error) {
	var serverError *sdkerrors.ServerError
	if !errors.As(err, &serverError) {
		return answer{}, err
	}
	seen := answer{
		Status: serverError.HttpStatus(),
		Header: firsts(serverError.RespHeaders),
		Raised: &refusal{
			Code:      serverError.ErrorCode(),
			Message:   serverError.Message(),
			Recommend: serverError.Recommend(),
		},
	}
	if detail := serverError.AccessDeniedDetail(); detail != nil {
		text, err := json.Marshal(detail)
		if err != nil {
			return answer{}, err
		}
		seen.Raised.Detail = text
	}
	return seen, nil
}

func firsts(header map[string][]string) map[string]string {
	first := make(map[string]string, len(header))
	for name, values := range header {
		first[strings.ToLower(name)] = values[0]
	}
	return first
}
