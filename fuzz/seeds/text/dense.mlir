// Constants.
"test.dense"() {a = dense<1> : tensor<i32>, b = dense<[1, 2, 3]> : tensor<3xi8>, c = dense<[[1, 1], [1, 1]]> : tensor<2x2xi32>,
  d = dense<> : tensor<0x2xf32>, e = dense<[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]> : tensor<2x2x2xui16>,
  f = dense<[true, false, true]> : tensor<3xi1>, g = dense<true> : tensor<4xi1>, h = dense<"0x0000803F00000040"> : tensor<2xf32>,
  i = dense<"0x0000803F"> : tensor<2xf32>, j = dense<[1.0, 0.1, 0xFF800000]> : tensor<3xf32>, k = dense<(1.0, 2.0)> : tensor<2xcomplex<f32>>,
  l = dense<[(1, 2), (3, 4)]> : tensor<2xcomplex<i32>>, m = dense<["a", "b\22"]> : tensor<2x!unknown.string>,
  n = dense<"x"> : tensor<2x!unknown.string>, o = dense<[1, -1]> : vector<2xindex>, p = dense<[[0.0]]> : tensor<1x1xf64>,
  q = dense<-1> : tensor<3xi4>, r = dense<[7, -8]> : tensor<2xi4>, s = dense<[0.5, 1.0]> : tensor<2xbf16>,
  t = dense<"0x05"> : tensor<3xi1>, u = dense<[18446744073709551615]> : tensor<1xui64>,
  v = dense<[1000000000000000000000, 1]> : tensor<2xi128>} : () -> ()
"test.large"() {a = dense<"0x000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F6061626364"> : tensor<101xi8>,
  b = dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100]> : tensor<101xi16>,
  c = dense<[1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1]> : tensor<102xi1>} : () -> ()
"test.sparse"() {a = sparse<[[0, 0], [1, 2]], [1, 5]> : tensor<3x4xi32>, b = sparse<[], []> : tensor<3xi8>, c = sparse<0, 2> : tensor<3xi8>} : () -> ()
"test.resource"() {a = dense_resource<blob2> : tensor<1xi32>, b = dense_resource<"blob 1"> : tensor<1xi32>, c = dense_resource<gone> : tensor<1xi32>} : () -> ()

{-#
  dialect_resources: {
    builtin: {
      "blob 1": "0x0400000001000000",
      unused: "0x0400000003000000",
      blob2: "0x04000000ff00abcd"
    }
  },
  external_resources: {
    some_tool: {
      flag: true,
      text: "a \22b\22"
    }
  }
#-}
