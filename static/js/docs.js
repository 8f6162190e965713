// The API's reading room: Swagger UI on our own files, told by data attributes where the description is.
(() => {
  "use strict";
  const room = document.getElementById("api-docs");
  SwaggerUIBundle({
    domNode: room,
    url: room.dataset.openapi,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
  });
})();
