Feature: What a picture is
  Whoever uploads a picture can ask about the picture itself: what stands in for it until it is
  there, what its colours are, whether it has been here before.

  Background:
    Given Ada is signed in

  Scenario: All there is to know
    When she uploads a photo that lies on its side with these processing options
      """
      {
        "resize": "300x300",
        "analyze": ["dimensions", "exif", "blurhash", "thumbhash", "dominantColors", "averageColor", "phash"]
      }
      """
    Then the image is soon "completed"
    And the analysis tells of a 600x800 jpeg, stored with orientation 6
    And the analysis tells all that was asked
    And the task tells the same analysis
    And the task tells how long "analyze" took
    And the result is 225x300

  Scenario: It is about the upload, whatever is made of it
    When she uploads a photo with the processing options {"crop": "100x100+0+0", "filters": ["negate"], "analyze": ["phash", "averageColor"]}
    And she uploads it again with the processing options {"resize": "400x400", "analyze": ["phash", "averageColor"]}
    Then both analyses are about alike

  Scenario: It never tells where or by whom a picture was taken
    When she uploads a photo that tells where and by whom it was taken, and asks for its exif
    Then the image is soon "completed"
    And the analysis tells the make of the camera and no secret

  Scenario: Those who are told of the end are told of it
    Given Ada has a server that takes webhooks
    And she has added it to her account
    When she uploads a photo with the processing options {"analyze": ["blurhash"]}
    Then the server is told of the analysis

  Scenario: It is waited for
    Given the workers are paused
    When she uploads a photo with the processing options {"analyze": ["phash"]}
    And she asks for the analysis
    Then the answer is "not-ready" with status 409, to be asked again soon
    When the workers go on
    And she asks for the analysis
    Then the analysis tells all that was asked

  Scenario: What nobody asked
    Given Ada has a completed image
    When she asks for the analysis
    Then the answer is "not-analyzed" with status 404

  Scenario: Nobody else sees it
    When she uploads a photo with the processing options {"analyze": ["phash"]}
    And Bert asks for the analysis
    Then the answer is that there is nothing by that id

  Scenario Outline: What cannot be asked
    When she uploads a photo with the processing options <options>
    Then the upload is refused as "<problem>" at "<pointer>"

    Examples:
      | options                              | problem           | pointer             |
      | {"analyze": ["faces"]}               | invalid-parameter | /analyze/0          |
      | {"analyze": "phash"}                 | invalid-parameter | /analyze            |
      | {"variants": {"a": {"analyze": []}}} | unknown-member    | /variants/a/analyze |
