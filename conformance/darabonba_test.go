package conformance

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/darabonba-openapi/v2/models"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
)

// place is where a client puts the parameters of the operation.
type place int

const (
	inQuery place = iota
	inForm
	inBoth // as an SDK of some years puts it: all in the form, but for what may be long
)

// darabonba is the core of the official SDKs for Go, called as the generated code calls it.
type darabonba struct {
	core    *openapi.Client
	place   place
	version string
}

// openDarabonba takes the SDK's own name of the signature: "" is ACS3-HMAC-SHA256, "v2" the RPC signature 1.0.
func openDarabonba(signature string, where place) func(*testing.T, target) client {
	return func(t *testing.T, to target) client {
		t.Helper()
		config := &models.Config{
			AccessKeyId:     dara.String(to.AccessKeyID),
			AccessKeySecret: dara.String(to.AccessKeySecret),
			Endpoint:        dara.String(to.Endpoint),
			Protocol:        dara.String(strings.ToUpper(to.Protocol)),
		}
		if signature != "" {
			config.SignatureAlgorithm = dara.String(signature)
		}
		if to.SecurityToken != "" {
			config.SecurityToken = dara.String(to.SecurityToken)
		}
		if to.Authority != "" {
			config.Ca = dara.String(to.Authority)
		}
		core, err := openapi.NewClient(config)
		if err != nil {
			t.Fatal(err)
		}
		return darabonba{core, where, to.version()}
	}
}

func (c darabonba) call(action string, parameters map[string]any) (answer, error) {
	result, err := c.callAPI(action, parameters)
	if err != nil {
		return c.refused(err)
	}
	return answerOf(result)
}

// callAPI returns the core's map of body, headers and statusCode.
func (c darabonba) callAPI(action string, parameters map[string]any) (map[string]any, error) {
	written, err := texts(parameters)
	if err != nil {
		return nil, err
	}
	request := &models.OpenApiRequest{Query: map[string]*string{}}
	form := map[string]any{}
	for name, value := range written {
		if c.place == inForm || c.place == inBoth && name != "Content" && name != "Payload" {
			form[name] = value
		} else {
			request.Query[name] = dara.String(value)
		}
	}
	if c.place != inQuery {
		request.Body = form
	}
	return c.core.CallApi(&models.Params{
		Action:      dara.String(action),
		Version:     dara.String(c.version),
		Protocol:    dara.String("HTTPS"),
		Pathname:    dara.String("/"),
		Method:      dara.String("POST"),
		AuthType:    dara.String("AK"),
		Style:       dara.String("RPC"),
		ReqBodyType: dara.String("formData"),
		BodyType:    dara.String("json"),
	}, request, &dara.RuntimeOptions{})
}

func answerOf(result any) (answer, error) {
	text, err := json.Marshal(result)
	if err != nil {
		return answer{}, err
	}
	var seen struct {
		StatusCode int               `json:"statusCode"`
		Headers    map[string]string `json:"headers"`
		Body       json.RawMessage   `json:"body"`
	}
	if err := json.Unmarshal(text, &seen); err != nil {
		return answer{}, err
	}
	return answer{Status: seen.StatusCode, Header: seen.Headers, Body: seen.Body}, nil
}

// refused tells an error of the server, which users match as *tea.SDKError, from any other.
func (darabonba) refused(err error) (answer, error) {
	var sdkError *tea.SDKError
	if !errors.As(err, &sdkError) || sdkError.StatusCode == nil {
		return answer{}, err
	}
	seen := answer{
		Status: *sdkError.StatusCode,
		Raised: &refusal{Code: tea.StringValue(sdkError.Code), Message: tea.StringValue(sdkError.Message)},
	}
	if data := tea.StringValue(sdkError.Data); data != "" {
		seen.Body = json.RawMessage(data)
	}
	if sdkError.AccessDeniedDetail != nil {
		detail, err := json.Marshal(sdkError.AccessDeniedDetail)
		if err != nil {
			return answer{}, err
		}
		seen.Raised.Detail = detail
	}
	return seen, nil
}
