// The API's page: Swagger UI over our own /openapi.json.

const { SwaggerUIBundle } = /** @type {any} */ (globalThis);

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  // Nothing about us is sent to anybody's validator.
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
